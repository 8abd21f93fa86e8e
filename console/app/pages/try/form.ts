/** The form of a cart, and the request that it says. What is left empty is left out. */
import type { CartRequest, CartRequestInput, CustomerInput, LineInput } from '../../api/schema';
import { readDecimal } from '../../money/money';

const TEXTS = ['title', 'brand', 'product', 'product_group', 'supplier'] as const;
const NUMBERS = ['mrp', 'tax', 'charges', 'floor_price', 'weight', 'stock'] as const;
const LISTS = ['categories', 'tags'] as const;
const PAIRS = ['attributes', 'variant'] as const;

export type TextName = (typeof TEXTS)[number] | (typeof NUMBERS)[number] | (typeof PAIRS)[number] | 'sku' | 'quantity' | 'unit_price';
export type ListName = (typeof LISTS)[number];

export type LineForm = Record<TextName, string> & Record<ListName, readonly string[]> & { id: string };

export interface Tender {
  mode: string;
  amount: string;
}

export interface Membership {
  program: string;
  tier: string;
  supplementary: readonly string[];
}

export interface CartForm {
  lines: readonly LineForm[];
  customer: string;
  memberships: readonly Membership[];
  groups: readonly string[];
  /** `key=value`, one in a line. */
  attributes: string;
  store: string;
  channel: string;
  codes: readonly string[];
  vouchers: readonly string[];
  tenders: readonly Tender[];
  shippingMethod: string;
  shippingAmount: string;
  currency: string;
  /** RFC 3339; empty: now. */
  at: string;
}

export const DETAILS = { texts: TEXTS, numbers: NUMBERS, lists: LISTS, pairs: PAIRS } as const;

export function newLine(id: string, known: Partial<LineForm> = {}): LineForm {
  return {
    sku: '', quantity: '1', unit_price: '', title: '', brand: '', product: '', product_group: '', supplier: '', mrp: '', tax: '',
    charges: '', floor_price: '', weight: '', stock: '', categories: [], tags: [], attributes: '', variant: '', ...known, id,
  };
}

export const EMPTY: CartForm = {
  lines: [newLine('1')], customer: '', memberships: [], groups: [], attributes: '', store: '', channel: '', codes: [], vouchers: [],
  tenders: [], shippingMethod: '', shippingAmount: '', currency: '', at: '',
};

/** The next id that no line has. */
export function nextId(lines: readonly LineForm[]): string {
  return String(Math.max(0, ...lines.map((line) => Number(line.id)).filter(Number.isInteger)) + 1);
}

/** Reads `key=value` lines. */
export function pairsOf(text: string): Record<string, string> | null {
  const pairs = text.split('\n').flatMap((line) => {
    const [key = '', ...rest] = line.split('=');
    return key.trim() === '' ? [] : [[key.trim(), rest.join('=').trim()] as const];
  });
  return pairs.length === 0 ? null : Object.fromEntries(pairs);
}

function textOf(pairs: Record<string, string> | null | undefined): string {
  return Object.entries(pairs ?? {}).map(([key, value]) => `${key}=${value}`).join('\n');
}

/** A number as it was typed. What is none goes to the service as it is, which says what is wrong with it. */
function decimal(text: string): string {
  return readDecimal(text) ?? text.trim();
}

function lineOf(line: LineForm): LineInput {
  const own: LineInput = { id: line.id, sku: line.sku.trim(), quantity: decimal(line.quantity), unit_price: decimal(line.unit_price) };
  for (const name of TEXTS) if (line[name].trim() !== '') own[name] = line[name].trim();
  for (const name of NUMBERS) if (line[name].trim() !== '') own[name] = decimal(line[name]);
  for (const name of LISTS) if (line[name].length > 0) own[name] = [...line[name]];
  for (const name of PAIRS) {
    const pairs = pairsOf(line[name]);
    if (pairs !== null) own[name] = pairs;
  }
  return own;
}

/** A line that nobody has touched: the last one of the form, ready to be typed into. */
function isBlank(line: LineForm): boolean {
  return line.sku.trim() === '' && line.unit_price.trim() === '';
}

function customerOf(form: CartForm): CustomerInput | null {
  const attributes = pairsOf(form.attributes);
  const loyalty = form.memberships.filter(({ program }) => program.trim() !== '').map(({ program, tier, supplementary }) => ({
    program: program.trim(), ...(tier.trim() !== '' && { tier: tier.trim() }), ...(supplementary.length > 0 && { supplementary: [...supplementary] }),
  }));
  const customer = {
    ...(form.customer.trim() !== '' && { id: form.customer.trim() }),
    ...(loyalty.length > 0 && { loyalty }),
    ...(form.groups.length > 0 && { groups: [...form.groups] }),
    ...(attributes !== null && { attributes }),
  };
  return Object.keys(customer).length === 0 ? null : customer;
}

export function requestOf(form: CartForm): CartRequestInput {
  const written = form.lines.filter((line) => !isBlank(line));
  const customer = customerOf(form);
  const shipping = {
    ...(form.shippingMethod.trim() !== '' && { method: form.shippingMethod.trim() }),
    ...(form.shippingAmount.trim() !== '' && { amount: decimal(form.shippingAmount) }),
  };
  const tenders = form.tenders.filter(({ mode }) => mode.trim() !== '').map(({ mode, amount }) => ({
    mode: mode.trim(), ...(amount.trim() !== '' && { amount: decimal(amount) }),
  }));
  return {
    cart: {
      ...(form.currency.trim() !== '' && { currency: form.currency.trim() }),
      lines: written.map(lineOf),
      ...(Object.keys(shipping).length > 0 && { shipping }),
      ...(tenders.length > 0 && { tenders }),
      ...(form.vouchers.length > 0 && { gift_vouchers: [...form.vouchers] }),
      ...(form.codes.length > 0 && { codes: [...form.codes] }),
    },
    ...(customer !== null && { customer }),
    ...(form.store.trim() !== '' && { store: form.store.trim() }),
    ...(form.channel.trim() !== '' && { channel: form.channel.trim() }),
    ...(form.at !== '' && { at: form.at }),
    explain: 'all',
  };
}

/** The form that says a recorded request. `at` is when it was evaluated. */
export function formOf(request: CartRequest, at: string): CartForm {
  const { cart, customer } = request;
  return {
    lines: cart.lines.map((line) => {
      const known: Partial<LineForm> = { sku: line.sku, quantity: line.quantity, unit_price: line.unit_price };
      for (const name of TEXTS) known[name] = line[name] ?? '';
      for (const name of NUMBERS) known[name] = line[name] ?? '';
      for (const name of LISTS) known[name] = line[name] ?? [];
      for (const name of PAIRS) known[name] = textOf(line[name]);
      return newLine(line.id, known);
    }),
    customer: customer?.id ?? '',
    memberships: (customer?.loyalty ?? []).map(({ program, tier, supplementary }) => ({ program, tier: tier ?? '', supplementary: supplementary ?? [] })),
    groups: customer?.groups ?? [],
    attributes: textOf(customer?.attributes),
    store: request.store ?? '',
    channel: request.channel ?? '',
    codes: cart.codes ?? [],
    vouchers: cart.gift_vouchers ?? [],
    tenders: (cart.tenders ?? []).map(({ mode, amount }) => ({ mode, amount: amount ?? '' })),
    shippingMethod: cart.shipping?.method ?? '',
    shippingAmount: cart.shipping?.amount ?? '',
    currency: cart.currency,
    at,
  };
}
