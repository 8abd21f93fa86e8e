/** Texts of the pages of set-up. */
import type {
  CustomFieldType, EvaluationOrder, KeyRole, PercentageBase, QualifyingItems, RankingCriterion, RefreshUnit, RoundingMode, Strategy,
} from '../api/schema';
import type { VocabularyField } from '../parts/vocabulary';

export const settings = {
  title: 'Settings',
  explain: 'How promotions go together, and how discounts are rounded. A change counts from the next cart on.',
  save: 'Save the settings',
  saved: 'The settings are saved.',
  unsaved: 'There are changes that are not saved.',
  reset: 'Take the changes back',
  stale: 'Somebody else has changed the settings meanwhile. Look at them before you save yours.',
  load: 'Show what is saved now',
  fixed: 'Fixed once a promotion has been live.',
  place: 'Place and money',
  currency: 'Currency',
  timezone: 'Time zone',
  together: 'How promotions go together',
  strategy: 'Which of several promotions apply',
  order: 'Order of application',
  base: 'Percentages are taken of',
  qualifying: 'Items that met a condition',
  perLine: 'Different promotions may discount different units of one line',
  exclude: 'Except for these lines',
  stacking: 'Several promotions may discount the same unit',
  stackingMax: 'At most so many on one unit',
  stackingHelp: 'Empty: no bound.',
  cart: 'More than one promotion on the whole cart may apply',
  maxDiscount: 'Never take more off a unit than (%)',
  maxDiscountHelp: 'Empty: no floor. A line can have a floor of its own.',
  budget: 'Milliseconds for the search',
  ranking: 'Which promotion goes first',
  rankingHelp: 'From the most important on. Drag a line, or move it with its buttons.',
  rankingAdd: 'Take in',
  up: (name: string) => `Move “${name}” up`,
  down: (name: string) => `Move “${name}” down`,
  drop: (name: string) => `Take “${name}” out`,
  moved: (name: string, place: number, of: number) => `“${name}” is number ${place} of ${of}.`,
  noRanking: 'Nothing ranks promotions but their age: the older goes first.',
  rounding: 'Rounding',
  mode: 'How discounts are rounded',
  precision: 'Decimals',
  example: 'For example',
  exampleText: (exact: string, rounded: string) => `A discount of ${exact} becomes ${rounded}`,
  try: 'Try a discount',
  sales: 'Sales',
  hold: 'A hold reserves for (seconds)',
  restore: 'What comes back whole gives back what it took of limits',
  fields: 'Custom fields of promotions',
  fieldsHelp: 'What you want to note for each promotion, beside what the service knows.',
  noFields: 'None.',
  addField: 'Add a field',
  key: 'Key',
  label: 'Name',
  type: 'Kind',
  options: 'Choices',
  required: 'Needed before a promotion can be active',
  removeField: (key: string) => `Remove the field ${key}`,
} as const;

export const strategyWords: Record<Strategy, string> = {
  ranked: 'One after the other, by rank',
  best_deal: 'The group of promotions that gives the most',
  optimal: 'The best of all combinations',
};

export const orderWords: Record<EvaluationOrder, string> = {
  items_then_cart: 'First those on items, then those on the cart',
  cart_first: 'First those on the cart; those on items only where none of these applied',
};

export const baseWords: Record<PercentageBase, string> = {
  gross: 'the price, before other discounts',
  net: 'what is left to pay, with tax and charges',
};

export const qualifyingWords: Record<QualifyingItems, string> = {
  shared: 'count for later promotions too',
  consumed: 'are used up for later promotions',
};

export const rankingWords: Record<RankingCriterion, string> = {
  exclusive: 'Those that apply alone first',
  sequence: 'By their number, the lower first',
  segmented: 'Those for certain customers first',
  pos: 'Automatic ones first',
  loyalty: 'Those for members first',
  loyalty_earning: 'Earned ones first',
  rewards: 'Rewards first',
  code_linked: 'Those with a code first',
  earliest_expiry: 'Those that end sooner first',
  maximum_discount: 'Those that give more first',
};

export const roundingWords: Record<RoundingMode, string> = {
  half_up: 'To the nearest, halves up',
  half_down: 'To the nearest, halves down',
  half_even: 'To the nearest, halves to the even digit',
  up: 'Up, away from zero',
  down: 'Down, towards zero',
  ceiling: 'Up',
  floor: 'Down',
};

export const fieldTypeWords: Record<CustomFieldType, string> = {
  text: 'Text', number: 'Number', date: 'Date', boolean: 'Yes or no', select: 'One of several',
};

export const lineChooser = {
  add: 'Add a test',
  field: 'Field',
  values: 'is one of',
  remove: 'Remove the test',
  all: 'All lines.',
  no: 'No lines.',
  json: 'As a document',
  jsonHelp: 'It says more than this page can show in words, so it is edited as it is written in the API.',
  faulty: 'This is no JSON.',
  fields: {
    category: 'Category', brand: 'Brand', sku: 'SKU', tag: 'Tag', product: 'Product', product_group: 'Product group', supplier: 'Supplier',
  },
} as const;

export const stores = {
  title: 'Stores',
  explain: 'Where promotions apply, and in which time zone.',
  none: 'No stores yet.',
  noneText: 'Promotions can be restricted to stores, to their concepts and zones. Add one, or bring them all from a file.',
  add: 'Add a store',
  change: (code: string) => `Change ${code}`,
  file: 'From a file',
  code: 'Code',
  concept: 'Concept',
  zones: 'Zones',
  timezone: 'Time zone',
  ownZone: 'the tenant’s',
  remove: 'Delete',
  removeOf: (code: string) => `Delete ${code}`,
  removeTitle: (code: string) => `Delete the store ${code}?`,
  removeText: 'Carts that name it are refused then. A store that a promotion names cannot be deleted.',
  importHelp: 'One store in a line; zones are parted by |. Stores that are named are added or replaced, others stay. Either all lines are taken, or none.',
  imported: (count: string) => (count === '1' ? '1 store was taken.' : `${count} stores were taken.`),
} as const;

export const lists = {
  title: 'Product lists',
  explain: 'Named lists of SKUs, for conditions that say “in the list”.',
  none: 'No product lists yet.',
  noneText: 'A list is a name and its SKUs. Promotions refer to it by its name.',
  add: 'Add a list',
  name: 'Name',
  size: 'SKUs',
  updated: 'Last written',
  replace: 'Replace its SKUs',
  replaceOf: (name: string) => `Replace its SKUs: ${name}`,
  save: 'Save as CSV',
  saveOf: (name: string) => `Save as CSV: ${name}`,
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  removeTitle: (name: string) => `Delete the list “${name}”?`,
  removeText: 'A list that a promotion uses cannot be deleted.',
  importHelp: 'One SKU in a line. The list has these SKUs then, and no others.',
  imported: (size: string) => `The list has ${size} ${size === '1' ? 'SKU' : 'SKUs'}.`,
  needsName: 'Give the list a name first.',
} as const;

export const milestones = {
  title: 'Milestones',
  explain: 'What customers work towards: spend, visits or items in a time. Promotions that are earned name a target.',
  none: 'No milestones yet.',
  noneText: 'For example: spend 5,000 in a month.',
  add: 'Add a milestone',
  change: (name: string) => `Change ${name}`,
  name: 'Name',
  measure: 'What counts',
  lines: 'Which lines count',
  window: 'Begins anew',
  never: 'never',
  every: 'Every',
  unit: 'Unit',
  targets: 'Targets',
  target: 'Target',
  value: 'Value',
  addTarget: 'Add a target',
  removeTarget: 'Remove the target',
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  removeTitle: (name: string) => `Delete the milestone “${name}”?`,
  removeText: 'The progress of all customers is forgotten. A milestone that a promotion names cannot be deleted.',
  refresh: (every: number, unit: string) => (every === 1 ? `every ${unit}` : `every ${every} ${unit}s`),
} as const;

export const unitWords: Record<RefreshUnit, string> = { day: 'days', week: 'weeks', month: 'months' };

export const webhooks = {
  title: 'Webhooks',
  explain: 'Addresses that are told what happens.',
  none: 'No webhooks yet.',
  noneText: 'A webhook gets each event that you choose, signed, and in order.',
  add: 'Add a webhook',
  change: (name: string) => `Change ${name}`,
  name: 'Name',
  url: 'Address',
  urlHelp: 'It must begin with https, and be public.',
  events: 'Events',
  all: 'All',
  secret: 'The secret that signs deliveries. It is shown only now.',
  rotate: 'New secret',
  rotateOf: (name: string) => `New secret for ${name}`,
  rotateText: 'The receiver checks messages by the secret. While the former one signs beside the new one, change the receiver.',
  keep: 'The former secret',
  keepFor: [
    { value: '24', label: 'signs for another day' },
    { value: '168', label: 'signs for another week' },
    { value: '0', label: 'ends at once, since others know it' },
  ],
  formerUntil: (time: string) => `The former secret signs until ${time}.`,
  formerEnded: 'The former secret does not sign any more.',
  dead: 'Dead messages',
  noDead: 'Nothing was given up.',
  deadAt: 'Given up',
  event: 'Event',
  fault: 'What went wrong',
  attempts: 'Attempts',
  again: 'Send again',
  againAll: 'Send all again',
  againOf: (id: string) => `Send again: ${id}`,
  sent: (count: number) => (count === 1 ? '1 message will be sent again.' : `${count} messages will be sent again.`),
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  removeTitle: (name: string) => `Delete the webhook “${name}”?`,
  removeText: 'It is told nothing any more, and what waits for it is dropped.',
} as const;

export const keys = {
  title: 'Keys',
  explain: 'Who may use the API, and for what.',
  add: 'Make a key',
  role: 'Role',
  label: 'Label',
  labelHelp: 'Who or what uses it. History and audit name it.',
  ending: 'Ends with',
  made: 'Made',
  lastUsed: 'Last used',
  never: 'never',
  revoked: 'Revoked',
  revoke: 'Revoke',
  revokeOf: (label: string) => `Revoke the key “${label}”`,
  revokeTitle: (label: string) => `Revoke the key “${label}”?`,
  revokeText: 'Whoever uses it is refused at once. This cannot be taken back.',
  once: 'The new key. It is shown only now: copy it before you close this.',
  copy: 'Copy the key',
} as const;

export const roleWords: Record<KeyRole, string> = {
  admin: 'Admin: everything in the tenant',
  pos: 'Till: prices and redeems',
  issuer: 'Issuer: gives promotions to customers',
  viewer: 'Viewer: sees everything, changes nothing',
};

export const vocabulary = {
  title: 'Vocabulary',
  explain: 'The names that you use, for drop-downs and for findings. They come from stores, promotions and sales by themselves; what is not sold yet can be brought from a file.',
  field: 'Field',
  count: 'Names',
  search: 'Search',
  value: 'Name',
  name: 'Title',
  source: 'From',
  seen: 'Last seen',
  none: 'No names.',
  file: 'Import names',
  importHelp: 'One name in a line, with a title if it has one. They are added to what is there.',
  imported: (count: string) => (count === '1' ? '1 name was taken.' : `${count} names were taken.`),
  forget: 'Forget imported and seen names',
  forgetTitle: (field: string) => `Forget the names of “${field}”?`,
  forgetText: 'Names of stores, settings and promotions stay. Others come back when they are sold or imported again.',
  goForget: 'Forget them',
} as const;

export const vocabularyFieldWords: Record<VocabularyField, string> = {
  sku: 'SKUs', product: 'Products', category: 'Categories', brand: 'Brands', tag: 'Tags', supplier: 'Suppliers', product_group: 'Product groups',
  attribute_key: 'Names of attributes', attribute: 'Attributes', variant_key: 'Names of variants', variant: 'Variants', payment_mode: 'Payment modes',
  shipping_method: 'Shipping methods', channel: 'Channels', store: 'Stores', concept: 'Concepts', zone: 'Zones', program: 'Programmes', tier: 'Tiers',
  supplementary: 'Supplementary memberships', group: 'Customer groups', customer_attribute_key: 'Names of customer attributes', campaign: 'Campaigns',
  template: 'Message templates',
};

export const sourceWords: Record<string, string> = { stores: 'stores', promotions: 'promotions', redemptions: 'sales', import: 'import' };

export const audit = {
  title: 'Audit',
  explain: 'Every change: who, when, before and after.',
  subject: 'Of',
  subjectHelp: 'For example settings, or promotion: and its id.',
  from: 'From',
  to: 'Until',
  none: 'No change matches.',
  when: 'When',
  who: 'Who',
  what: 'What',
  difference: 'What differs',
  open: 'Open the promotion',
} as const;

export const actionWords: Record<string, string> = {
  created: 'made', updated: 'changed', deleted: 'deleted', revoked: 'revoked', replaced: 'replaced', archived: 'archived',
  activated: 'activated', paused: 'paused', merged: 'merged', issued: 'given',
};
