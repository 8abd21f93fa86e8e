/** Texts of components that several pages use. */
export const limitBars = {
  words: (limit: string, used: string, held: string, left: string, max: string) =>
    `${limit}: ${used} used, ${held} held, ${left} left of ${max}`,
  numbers: (used: string, held: string, left: string, max: string) => `${used} used · ${held} held · ${left} left of ${max}`,
  short: (left: string, max: string) => `${left} left of ${max}`,
  until: (time: string) => ` · begins anew ${time}`,
} as const;

export const zonedTime = {
  zone: (zone: string) => `Time in ${zone}`,
  twice: 'The clock is set back here: this time comes twice',
  which: (place: number, offset: string) => `${place === 0 ? 'The first' : 'The second'} (UTC${offset})`,
  skipped: (time: string) => `The clock skips this time. ${time} is taken instead.`,
} as const;

export const namesField = {
  drop: 'Drop a CSV file, or choose one',
  file: 'From a file…',
  many: (count: number) => `${count} values, one in a line`,
  asText: 'Edit as text',
  clear: 'Clear',
  add: (value: string) => `Add “${value}”`,
  unreadable: 'The file could not be read.',
  empty: 'The file has no values.',
  placeholder: 'Type, and press Enter',
} as const;

export const receiptTexts = {
  title: 'Receipt',
  item: 'Item',
  gross: 'Price',
  off: 'Off',
  payable: 'To pay',
  total: 'Total',
  items: 'Items',
  itemDiscount: 'Off items',
  cartDiscount: 'Off the cart',
  shipping: 'Shipping',
  shippingDiscount: 'Off the shipping',
  tax: 'Tax',
  charges: 'Charges',
  pay: 'To pay',
  points: (points: string) => `${points} points`,
  times: (times: string) => `${times} times`,
  free: (quantity: string, sku: string) => `To be added to the cart, free: ${quantity} × ${sku}`,
  applied: 'Applied',
  notApplied: 'Did not apply',
  suggestions: 'Nearly',
  gain: (gain: string) => `saves ${gain} more`,
  nothing: 'Nothing applied.',
  codes: 'Codes',
  optimal: 'This is proven to be the largest discount.',
  notOptimal: (bound: string) => `The largest discount may be up to ${bound}.`,
} as const;
