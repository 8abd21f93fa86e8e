/**
 * A cart on which a draft should apply, made from the draft: it has what the conditions ask for and what the benefit
 * discounts. Prices are round, and high enough for the amounts that are asked for.
 */
import type { CartRequestInput, ConditionInput, CustomerInput, LineInput, PredicateInput, SelectorInput, Store } from '../../../api/schema';
import { add, compare, isDecimal, multiply } from '../../../money/money';
import { editor as texts } from '../../../texts/editor';
import { isEarned } from '../draft';
import type { Draft } from '../draft';

/** What a unit costs unless the draft asks for another price. */
const PRICE = '400';

/** The code that unlocks the draft on the sample. */
export const SAMPLE_CODE = 'SAMPLE';

type Sample = Pick<CartRequestInput, 'cart' | 'customer' | 'store' | 'channel'>;

interface Wanted {
  of: SelectorInput | null | undefined;
  quantity: string;
  amount: string;
  /** Whether it comes on top of what the conditions ask for. */
  isBeyond?: boolean;
}

export function sampleOf(draft: Draft, stores: readonly Store[]): Sample {
  const wanted: Wanted[] = [];
  const parts: Parts = { tenders: [], vouchers: [], customer: { id: 'SAMPLE-CUSTOMER' }, shipping: null, channel: null };
  gather(draft.conditions, wanted, parts, true);
  ofBenefit(draft, wanted, parts);
  ofAudience(draft, parts);
  if (wanted.every(({ quantity }) => quantity === '0')) wanted.push({ of: null, quantity: '2', amount: '0' });
  const lines = merged(wanted);
  const store = storeFor(draft, stores);
  const channel = parts.channel ?? draft.scope?.channels?.[0] ?? null;
  return {
    cart: {
      lines,
      ...(parts.shipping !== null && { shipping: { amount: '80', method: parts.shipping } }),
      ...(parts.tenders.length > 0 && { tenders: parts.tenders }),
      ...(parts.vouchers.length > 0 && { gift_vouchers: parts.vouchers }),
      ...(draft.type === 'code_linked' && { codes: [SAMPLE_CODE] }),
      ...(draft.currency && { currency: draft.currency }),
    },
    customer: parts.customer,
    ...(store !== null && { store }),
    ...(channel !== null && { channel }),
  };
}

interface Parts {
  tenders: { mode: string; amount?: string }[];
  vouchers: string[];
  customer: CustomerInput;
  shipping: string | null;
  channel: string | null;
}

/** A number above a bound that is asked for. Nothing readable: none. */
function reaching(op: string, value: string): string {
  if (!isDecimal(value)) return '0';
  if (op === 'gt' || op === 'ne') return add(value, '1');
  return op === 'gte' || op === 'eq' ? value : '1';
}

function gather(condition: ConditionInput | null | undefined, wanted: Wanted[], parts: Parts, isAsked: boolean): void {
  if (!condition || !isAsked) return;
  switch (condition.type) {
    case 'group': {
      const first = condition.match === 'any' ? condition.of.slice(0, 1) : condition.of;
      for (const child of first) gather(child, wanted, parts, condition.is !== false);
      break;
    }
    case 'cart_amount': case 'subtotal': case 'total_mrp':
      wanted.push({ of: null, quantity: '0', amount: reaching(condition.op, condition.value) });
      break;
    case 'total_quantity': wanted.push({ of: null, quantity: reaching(condition.op, condition.value), amount: '0' }); break;
    case 'total_weight': case 'item_count': break;
    case 'line_amount': wanted.push({ of: condition.of, quantity: '1', amount: reaching(condition.op, condition.value) }); break;
    case 'line_quantity': wanted.push({ of: condition.of, quantity: reaching(condition.op, condition.value), amount: '0' }); break;
    case 'distinct_products': case 'distinct_variants': {
      const count = Math.min(10, Number(reaching(condition.op, condition.value)) || 1);
      for (let place = 0; place < count; place += 1) wanted.push({ of: distinct(condition.of, place), quantity: '1', amount: '0' });
      break;
    }
    case 'item': if (condition.found !== false) wanted.push({ of: condition.of, quantity: '1', amount: '0' }); break;
    case 'payment_mode':
      if (condition.op !== 'not_in' && condition.values[0] !== undefined) parts.tenders.push({ mode: condition.values[0], amount: condition.min_amount ?? '10000' });
      if (condition.op === 'not_in') parts.tenders.push({ mode: 'CASH' });
      break;
    case 'gift_voucher': parts.vouchers.push(...condition.values.slice(0, 1)); break;
    case 'shipping_method': if (condition.op === 'in') parts.shipping = condition.values[0] ?? null; break;
    case 'channel': if (condition.op === 'in') parts.channel = condition.values[0] ?? null; break;
    case 'customer_group': if (condition.op === 'in') parts.customer.groups = condition.values.slice(0, 1); break;
    case 'customer_attribute': {
      const value = condition.values?.[0] ?? condition.value;
      if (value && condition.key !== '') parts.customer.attributes = { ...parts.customer.attributes, [condition.key]: value };
      break;
    }
  }
}

/** The same selector, asking for its k-th value. */
function distinct(of: SelectorInput | null | undefined, place: number): SelectorInput {
  const include = (of?.include ?? []).map((test) => (test.values && test.field === 'sku' ? { ...test, values: [test.values[place % test.values.length] ?? ''] } : test));
  const hasSku = include.some((test) => test.field === 'sku' || test.field === 'product');
  return { ...of, include: hasSku ? include : [...include, { field: 'sku', op: 'eq', value: `SAMPLE-${place + 1}` }] };
}

function ofBenefit(draft: Draft, wanted: Wanted[], parts: Parts): void {
  const { benefit } = draft;
  if (benefit.type === 'free_product') {
    wanted.push({ of: { include: [{ field: 'sku', op: 'eq', value: benefit.product.sku }] }, quantity: benefit.product.quantity ?? '1', amount: '0', isBeyond: true });
    repeatedly(draft, wanted);
    return;
  }
  const target = benefit.target;
  if (target?.type === 'shipping') parts.shipping = parts.shipping ?? 'standard';
  repeatedly(draft, wanted);
  if (target?.type === 'items') {
    const from = target.from ?? 'matching';
    const select = target.select ?? (from === 'beyond_condition' ? wanted[0]?.of : from === 'matching' ? { include: [] } : undefined);
    const every = benefit.repeat?.per === 'quantity' ? benefit.repeat.every : '1';
    const least = benefit.type === 'bundle_price' || target.within === 'application' ? every : '1';
    const quantity = isDecimal(target.quantity ?? '') ? target.quantity ?? '1' : isDecimal(least) ? least : '1';
    if (from === 'beyond_condition') wanted.push({ of: { ...select, include: select?.include ?? [] }, quantity, amount: '0', isBeyond: true });
    else if (from === 'matching') wanted.push({ of: select, quantity, amount: '0' });
  } else if (target?.type === 'cart' && target.select) wanted.push({ of: target.select, quantity: '2', amount: '0' });
  const last = benefit.steps?.values.at(-1);
  if (benefit.steps && last && isDecimal(last.from)) {
    const isAmount = benefit.steps.measure === 'amount';
    wanted.push({ of: benefit.steps.of, quantity: isAmount ? '1' : last.from, amount: isAmount ? last.from : '0' });
  }
}

/** What one application counts where no condition asks for it. */
function repeatedly(draft: Draft, wanted: Wanted[]): void {
  const repeat = draft.benefit.repeat;
  if (!repeat || repeat.per === 'set' || !isDecimal(repeat.every)) return;
  const of = wanted[0]?.of ?? null;
  wanted.push(repeat.per === 'quantity' ? { of, quantity: repeat.every, amount: '0' } : { of, quantity: '1', amount: repeat.every });
}

function ofAudience(draft: Draft, parts: Parts): void {
  const program = draft.audience?.programs?.[0];
  if (draft.type === 'loyalty' || draft.audience?.type === 'loyalty') {
    parts.customer.loyalty = [{ program: program?.program || 'main', tier: program?.tiers?.[0] ?? null, supplementary: program?.supplementary?.slice(0, 1) ?? [] }];
  }
  const group = draft.audience?.groups?.[0];
  if (group !== undefined) parts.customer.groups = [...(parts.customer.groups ?? []), group];
}

/** A store that the scope lets in, if one is known; a code that is named is taken as it is. */
function storeFor({ scope }: Draft, stores: readonly Store[]): string | null {
  const allows = (list: readonly string[] | null | undefined, ...values: (string | null)[]) => !list || list.length === 0 || values.some((value) => value !== null && list.includes(value));
  const fits = stores.find((store) => allows(scope?.stores, store.code) && allows(scope?.concepts, store.concept) && allows(scope?.zones, ...store.zones));
  const isBound = [scope?.stores, scope?.concepts, scope?.zones].some((list) => (list?.length ?? 0) > 0);
  return isBound ? fits?.code ?? null : null;
}

/** One line for each selector. Of like wants the largest counts; what the benefit wants beyond is added. */
function merged(wanted: readonly Wanted[]): LineInput[] {
  const lines = new Map<string, { line: LineInput; amount: string }>();
  let rest = '0';
  for (const { of, quantity, amount, isBeyond = false } of wanted) {
    if (of === null && quantity === '0') { rest = compare(amount, rest) > 0 ? amount : rest; continue; }
    const key = JSON.stringify(lineFor(of, ''));
    const line = lineFor(of, String(lines.size + 1));
    const known = lines.get(key);
    if (known === undefined) lines.set(key, { line: { ...line, quantity: quantity === '0' ? '1' : quantity }, amount });
    else {
      const more = compare(quantity, known.line.quantity) > 0 ? quantity : known.line.quantity;
      known.line.quantity = isBeyond ? add(known.line.quantity, quantity) : more;
      known.amount = compare(amount, known.amount) > 0 ? amount : known.amount;
    }
  }
  if (lines.size === 0) lines.set('', { line: { ...lineFor(null, '1'), quantity: '2' }, amount: '0' });
  const found = [...lines.values()].map(({ line, amount }) => priced(line, amount));
  const gross = found.reduce((sum, line) => add(sum, multiply(line.unit_price, line.quantity)), '0');
  const [first] = found;
  // What the whole cart must come to is carried by the first line.
  if (first !== undefined && compare(rest, gross) > 0) found.push({ id: String(found.length + 1), sku: 'SAMPLE-OTHER', title: texts.sampleOther, quantity: '1', unit_price: rest });
  return found;
}

/** Dear enough for the amount that is asked of it. */
function priced(line: LineInput, amount: string): LineInput {
  if (!isDecimal(amount) || compare(multiply(line.unit_price, line.quantity), amount) >= 0) return line;
  return { ...line, unit_price: amount };
}

function lineFor(of: SelectorInput | null | undefined, id: string): LineInput {
  const line: LineInput = { id, sku: `SAMPLE-${id}`, quantity: '1', unit_price: PRICE };
  const include = of?.match === 'any' ? (of.include ?? []).slice(0, 1) : of?.include ?? [];
  for (const test of include) put(line, test);
  const named = line.categories?.[0] ?? line.brand ?? line.product ?? line.tags?.[0];
  if (line.sku.startsWith('SAMPLE-')) line.title = line.title ?? named ?? texts.sampleProduct;
  return line;
}

function put(line: LineInput, test: PredicateInput): void {
  const value = test.values?.[0] ?? test.value ?? '';
  if (value === '' || ['ne', 'not_in', 'in_list'].includes(test.op)) return;
  const amount = test.op === 'gt' ? add(isDecimal(value) ? value : '0', '1') : value;
  switch (test.field) {
    case 'sku': line.sku = value; break;
    case 'product': case 'title': case 'brand': case 'supplier': case 'product_group': line[test.field] = value; break;
    case 'category': line.categories = [...(line.categories ?? []), value]; break;
    case 'tag': line.tags = [...(line.tags ?? []), value]; break;
    case 'attribute': if (test.key) line.attributes = { ...line.attributes, [test.key]: value }; break;
    case 'variant': if (test.key) line.variant = { ...line.variant, [test.key]: value }; break;
    case 'unit_price': case 'mrp': case 'weight': case 'stock': if (isDecimal(amount) && test.op !== 'lt') line[test.field] = amount; break;
    case 'quantity': case 'price_discount': case 'price_discount_percent': break;
  }
}

/** The draft as it is priced: whoever must have it has it, and a code unlocks it. */
export function pricedDraft(draft: Draft): NonNullable<CartRequestInput['with']>[number] {
  const open = { ...draft, activation_required: false };
  if (draft.type === 'code_linked') return { ...open, codes: [SAMPLE_CODE] };
  if (!isEarned(draft.type)) return open;
  const limits = { ...draft.limits };
  delete limits.issue;
  delete limits.earn;
  return { ...open, type: 'pos', earning: null, expiry: null, communication: null, limits };
}
