/** Every condition, benefit and schedule has its words: the tables name each kind, and the compiler counts them. */
import { describe, expect, it } from 'vitest';

import type {
  BenefitInput, ConditionInput, LimitsInput, LineField, Operator, PredicateInput, PromotionType, RecurrenceInput, ScheduleInput,
} from '../api/schema';
import { sentence } from './sentence';
import type { Sayable } from './sentence';

const TEN: BenefitInput = { type: 'percentage_off', value: '10' };
const SHIRTS = { include: [{ field: 'category', op: 'in', values: ['Shirts'] }] } as const satisfies { include: PredicateInput[] };

function say(promotion: Partial<Sayable>): string {
  return sentence({ type: 'pos', benefit: TEN, ...promotion }, { currency: 'INR', locale: 'en-IN' });
}

function table<K extends string, T>(kinds: Record<K, [T, string][]>, words: (given: T) => string): void {
  for (const [kind, rows] of Object.entries<[T, string][]>(kinds)) {
    it(kind, () => expect(rows.map(([given]) => words(given))).toEqual(rows.map(([, expected]) => expected)));
  }
}

it('says what the contract’s examples do', () => {
  expect(say({
    conditions: { type: 'line_quantity', of: { include: [...SHIRTS.include] }, op: 'gte', value: '2' },
    benefit: { type: 'percentage_off', value: '100', target: { type: 'items', from: 'beyond_condition', quantity: '1' }, repeat: { per: 'quantity', every: '2' } },
    schedule: { recurrence: { type: 'weekly', days: ['sun', 'sat'] } },
    scope: { stores: ['BLR-01', 'BLR-02'] },
    limits: { promotion: { times: { max: 10000 } } },
  })).toBe('Buy 2 of category Shirts, get the cheapest third free; Saturdays and Sundays; stores BLR-01 and BLR-02; at most 10,000 times');
});

describe('conditions', () => {
  const of = { include: [...SHIRTS.include] };
  table<ConditionInput['type'], ConditionInput>({
    cart_amount: [
      [{ type: 'cart_amount', op: 'gte', value: '2500' }, 'Spend at least ₹2,500: 10% off the whole cart'],
      [{ type: 'cart_amount', op: 'lt', value: '2500' }, '10% off the whole cart if the cart comes to less than ₹2,500'],
    ],
    subtotal: [[{ type: 'subtotal', op: 'gt', value: '99.50' }, '10% off the whole cart if the cart comes to more than ₹99.5 after discounts on items']],
    total_mrp: [[{ type: 'total_mrp', op: 'lte', value: '5' }, '10% off the whole cart if the MRPs of the cart come to at most ₹5']],
    total_quantity: [[{ type: 'total_quantity', op: 'eq', value: '3' }, '10% off the whole cart if the cart has exactly 3 items']],
    total_weight: [[{ type: 'total_weight', op: 'gte', value: '2.5' }, '10% off the whole cart if the cart weighs at least 2.5']],
    item_count: [[{ type: 'item_count', op: 'ne', value: '4' }, '10% off the whole cart if the cart has other than 4 different SKUs']],
    line_amount: [[{ type: 'line_amount', of, op: 'gte', value: '500' }, 'Spend at least ₹500 on category Shirts: 10% off the whole cart']],
    line_quantity: [
      [{ type: 'line_quantity', of, op: 'gte', value: '2' }, 'Buy 2 of category Shirts: 10% off the whole cart'],
      [{ type: 'line_quantity', op: 'lte', value: '2' }, '10% off the whole cart if the cart has at most 2 items'],
    ],
    distinct_products: [[{ type: 'distinct_products', of, op: 'gte', value: '3' }, '10% off the whole cart if the cart has at least 3 different products of category Shirts']],
    distinct_variants: [[{ type: 'distinct_variants', of, op: 'gte', value: '3' }, '10% off the whole cart if the cart has at least 3 different SKUs of category Shirts']],
    item: [
      [{ type: 'item', of }, 'Buy something of category Shirts: 10% off the whole cart'],
      [{ type: 'item', of, found: false }, '10% off the whole cart if the cart has nothing of category Shirts'],
    ],
    payment_mode: [
      [{ type: 'payment_mode', op: 'in', values: ['UPI', 'CARD'], min_amount: '1000' }, '10% off the whole cart if the payment is by UPI or CARD with at least ₹1,000'],
      [{ type: 'payment_mode', op: 'not_in', values: ['UPI'] }, '10% off the whole cart if the payment is not by UPI'],
      [{ type: 'payment_mode', op: 'starts_with', values: ['4111'] }, '10% off the whole cart if the payment is by a card or means beginning with 4111'],
    ],
    gift_voucher: [[{ type: 'gift_voucher', values: ['G-1'] }, '10% off the whole cart if the gift voucher G-1 is on the cart']],
    shipping_method: [[{ type: 'shipping_method', op: 'in', values: ['express'] }, '10% off the whole cart if the shipping is by express']],
    channel: [[{ type: 'channel', op: 'not_in', values: ['web'] }, '10% off the whole cart if the channel is not web']],
    customer_group: [[{ type: 'customer_group', op: 'in', values: ['staff'] }, '10% off the whole cart if the customer is in the group staff']],
    customer_attribute: [
      [{ type: 'customer_attribute', key: 'age', op: 'gte', value: '60' }, '10% off the whole cart if the customer’s age is at least 60'],
      [{ type: 'customer_attribute', key: 'city', op: 'in', values: ['Pune', 'Goa'] }, '10% off the whole cart if the customer’s city is Pune or Goa'],
      [{ type: 'customer_attribute', key: 'city', op: 'contains', value: 'Pu' }, '10% off the whole cart if the customer’s city has “Pu” in it'],
    ],
    group: [
      [{ type: 'group', of: [{ type: 'line_quantity', of, op: 'gte', value: '2' }, { type: 'channel', op: 'in', values: ['web'] }] },
        'Buy 2 of category Shirts: 10% off the whole cart if the channel is web'],
      [{ type: 'group', match: 'any', of: [{ type: 'cart_amount', op: 'gte', value: '9' }, { type: 'channel', op: 'in', values: ['web'] }] },
        '10% off the whole cart if the cart comes to at least ₹9 or the channel is web'],
      [{ type: 'group', is: false, of: [{ type: 'channel', op: 'in', values: ['web'] }, { type: 'channel', op: 'in', values: ['app'] }] },
        '10% off the whole cart if none of these holds: the channel is web or the channel is app'],
      [{ type: 'group', of: [{ type: 'channel', op: 'in', values: ['web'] }, { type: 'group', match: 'any', of: [{ type: 'item_count', op: 'gte', value: '2' }, { type: 'total_weight', op: 'gte', value: '3' }] }] },
        '10% off the whole cart if the channel is web and (the cart has at least 2 different SKUs or the cart weighs at least 3)'],
    ],
  }, (conditions) => say({ conditions }));
});

describe('tests of a line', () => {
  const test = (include: PredicateInput) => say({ benefit: { ...TEN, target: { type: 'items', select: { include: [include] } } } });
  table<Operator, PredicateInput>({
    eq: [[{ field: 'brand', op: 'eq', value: 'Acme' }, '10% off brand Acme'], [{ field: 'stock', op: 'eq', value: '3' }, '10% off stock exactly 3']],
    ne: [[{ field: 'brand', op: 'ne', value: 'Acme' }, '10% off brand not Acme'], [{ field: 'weight', op: 'ne', value: '3' }, '10% off weight other than 3']],
    gt: [[{ field: 'unit_price', op: 'gt', value: '100' }, '10% off price over ₹100']],
    gte: [[{ field: 'mrp', op: 'gte', value: '100' }, '10% off MRP at least ₹100']],
    lt: [[{ field: 'quantity', op: 'lt', value: '5' }, '10% off quantity under 5']],
    lte: [[{ field: 'price_discount_percent', op: 'lte', value: '20' }, '10% off markdown from MRP in percent at most 20']],
    in: [[{ field: 'sku', op: 'in', values: ['A', 'B', 'C'] }, '10% off SKU A, B or C'],
      [{ field: 'sku', op: 'in', values: 'ABCDEFGHIJ'.split('') }, '10% off SKU A, B, C, D, E or 5 more']],
    not_in: [[{ field: 'attribute', key: 'color', op: 'not_in', values: ['red', 'blue'] }, '10% off color not red or blue']],
    contains: [[{ field: 'title', op: 'contains', value: 'tee' }, '10% off title with “tee” in it']],
    starts_with: [[{ field: 'sku', op: 'starts_with', value: 'T-' }, '10% off SKU beginning with “T-”']],
    between: [[{ field: 'price_discount', op: 'between', values: ['10', '20'] }, '10% off markdown from MRP from ₹10 to ₹20']],
    in_list: [[{ field: 'sku', op: 'in_list', list: 'sale' }, '10% off the product list sale']],
  }, test);

  const FIELDS: Record<LineField, string> = {
    sku: 'SKU x', product: 'product x', title: 'title x', brand: 'brand x', supplier: 'supplier x', product_group: 'product group x',
    category: 'category x', tag: 'tag x', attribute: 'size x', variant: 'size x', unit_price: 'price exactly ₹7', mrp: 'MRP exactly ₹7',
    quantity: 'quantity exactly 7', weight: 'weight exactly 7', stock: 'stock exactly 7', price_discount: 'markdown from MRP exactly ₹7',
    price_discount_percent: 'markdown from MRP in percent exactly 7',
  };
  it.each(Object.entries(FIELDS) as [LineField, string][])('%s', (field, words) => {
    const isKeyed = field === 'attribute' || field === 'variant';
    const value = words.endsWith('7') ? '7' : 'x';
    expect(test({ field, op: 'eq', value, ...(isKeyed && { key: 'size' }) })).toBe(`10% off ${words}`);
  });

  it('says what is left out', () => {
    const select = { include: [...SHIRTS.include], exclude: [{ field: 'brand', op: 'eq', value: 'Acme' } as const] };
    expect(say({ benefit: { ...TEN, target: { type: 'items', select } } })).toBe('10% off category Shirts except brand Acme');
    expect(say({ benefit: { ...TEN, target: { type: 'items', select: { exclude: select.exclude } } } })).toBe('10% off anything except brand Acme');
  });
});

describe('benefits', () => {
  const select = { include: [...SHIRTS.include] };
  table<BenefitInput['type'], BenefitInput>({
    percentage_off: [
      [{ type: 'percentage_off', value: '12.5', target: { type: 'shipping' } }, '12.5% off the shipping'],
      [{ type: 'percentage_off', value: '100', target: { type: 'shipping' } }, 'Shipping free'],
      [{ type: 'percentage_off', value: '10', target: { type: 'cart', select } }, '10% off the cart’s category Shirts'],
      [{ type: 'percentage_off', value: '10', target: { type: 'items', select, quantity: '2', pick: 'most_expensive' } }, '10% off the 2 most expensive of category Shirts'],
      [{ type: 'percentage_off', value: '10', per: 'application', base: 'unit_price', same: null, repeat: null, target: { type: 'items', from: 'matching', select: null, quantity: null, pick: 'cheapest', within: 'cart' } }, '10% off every item'],
      [{ type: 'percentage_off', value: '10', base: 'mrp', target: { type: 'items', select } }, '10% off category Shirts, counted from the MRP'],
      [{ type: 'percentage_off', value: '50', target: { type: 'items', select, within: 'application', quantity: '1' }, repeat: { per: 'quantity', every: '3', max_times: 2 } },
        'The cheapest of every 3 of category Shirts 50% off, at most 2 times on a cart'],
      [{ type: 'percentage_off', steps: { measure: 'amount', values: [{ from: '1000', value: '5' }, { from: '2000', value: '10' }] } },
        '5% off from ₹1,000 and 10% off from ₹2,000, the whole cart'],
      [{ type: 'percentage_off', value: '10', same: 'sku', target: { type: 'items', quantity: '1', pick: 'cart_order' } }, '10% off the first of all items, all of one SKU'],
    ],
    amount_off: [
      [{ type: 'amount_off', value: '25', per: 'unit', target: { type: 'items', select } }, '₹25 off each of category Shirts'],
      [{ type: 'amount_off', value: '200', repeat: { per: 'amount', every: '3000' } }, '₹200 off the whole cart for every ₹3,000 spent'],
    ],
    fixed_price: [
      [{ type: 'fixed_price', value: '199', target: { type: 'items', select } }, 'Category Shirts for ₹199 each'],
      [{ type: 'fixed_price', value: '49', target: { type: 'shipping' } }, 'Shipping for ₹49'],
      [{ type: 'fixed_price', value: '0', target: { type: 'shipping' } }, 'Shipping free'],
    ],
    bundle_price: [
      [{ type: 'bundle_price', value: '999', target: { type: 'items', select }, repeat: { per: 'quantity', every: '3' } }, '3 of category Shirts together for ₹999 for every 3 bought'],
      [{ type: 'bundle_price', value: '999', target: { type: 'items', from: 'in_condition' }, repeat: { per: 'set' } }, 'Together for ₹999 for every complete set'],
    ],
    free_product: [[{ type: 'free_product', product: { sku: 'CAP', quantity: '2' } }, 'Get 2 × SKU CAP free']],
    award_points: [[{ type: 'award_points', value: '1' }, '1 point'], [{ type: 'award_points', value: '2', repeat: { per: 'amount', every: '100' } }, '2 points for every ₹100 spent']],
  }, (benefit) => say({ benefit }));
});

describe('schedules', () => {
  const daily_window = { start: '18:00', duration_hours: '1.5' };
  table<RecurrenceInput['type'], ScheduleInput>({
    none: [[{ daily_window }, '10% off the whole cart; daily from 18:00 for 1.5 hours'], [{ recurrence: { type: 'none' } }, '10% off the whole cart']],
    weekly: [[{ recurrence: { type: 'weekly', days: ['mon', 'wed'] }, daily_window, timezone: 'Asia/Tokyo' },
      '10% off the whole cart; Mondays and Wednesdays from 18:00 for 1.5 hours (time of Asia/Tokyo)']],
    monthly: [[{ recurrence: { type: 'monthly', dates: [31, 1, 22, 13] } }, '10% off the whole cart; on the 1st, 13th, 22nd and 31st of each month']],
    weekly_span: [[{ recurrence: { type: 'weekly_span', from: { day: 'fri', time: '18:00' }, to: { day: 'mon', time: '06:00' } } },
      '10% off the whole cart; from Friday 18:00 to Monday 06:00']],
    monthly_span: [[{ recurrence: { type: 'monthly_span', from: { date: 28, time: '00:00' }, to: { date: 3, time: '12:00' } } },
      '10% off the whole cart; from the 28th, 00:00 to the 3rd, 12:00 of each month']],
  }, (schedule) => say({ schedule }));
});

describe('everything else', () => {
  table<PromotionType, Partial<Sayable>>({
    pos: [[{}, '10% off the whole cart']],
    loyalty: [
      [{ type: 'loyalty' }, '10% off the whole cart; for members'],
      [{ type: 'loyalty', audience: { type: 'loyalty', programs: [{ program: 'main', tiers: ['gold', 'silver'], supplementary: ['prime'] }, { program: 'kids' }] } },
        '10% off the whole cart; for gold or silver members of main with prime or for members of kids'],
    ],
    loyalty_earning: [
      [{ type: 'loyalty_earning', earning: { trigger: 'activity', activity: 'transaction', conditions: { type: 'cart_amount', op: 'gte', value: '500' }, requires_issue: true, earn_within_days: 7 }, expiry: { type: 'after_days', days: 30 } },
        '10% off the whole cart; earned by a purchase in which the cart comes to at least ₹500; only by customers to whom it was given before; to be earned within 7 days; usable for 30 days'],
      [{ type: 'loyalty_earning', earning: { trigger: 'milestone', milestone: { name: 'Year', target: 'T1' } } }, '10% off the whole cart; earned by the target T1 of the milestone Year'],
    ],
    rewards: [[{ type: 'rewards', earning: { trigger: 'direct' } }, '10% off the whole cart; for customers to whom it was given']],
    code_linked: [[{ type: 'code_linked' }, '10% off the whole cart; with a code']],
  }, say);

  it('limits', () => {
    const limits: LimitsInput = {
      promotion: { discount: { max: '50000', refresh: { every: 1, unit: 'day' } } },
      customer: { times: { max: 1, refresh: { every: 2, unit: 'week' } }, transactions: { max: 5 } },
      code: { times: { max: 3 } }, cart: { times: 2, discount: '100' }, issue: { per_customer: 4 },
      earn: { per_customer: 6, times: 7, transactions: 8, discount: '9' },
    };
    expect(say({ limits })).toBe('10% off the whole cart; at most ₹50,000 of discount in 1 day; at most 1 time for each customer in 2 weeks; '
      + 'on at most 5 carts for each customer; at most 3 times for each code; at most 2 times on one cart; at most ₹100 off one cart; '
      + 'given to each customer at most 4 times; earned by each customer at most 6 times; each one usable at most 7 times; '
      + 'each one usable on at most 8 carts; each one worth at most ₹9');
  });

  it('stacking, order, currency and claiming', () => {
    expect(say({
      stacking: { exclusive: true, allow_further: false, group: 'weekend', tags: ['sale'], not_with: ['coupon', 'staff'] },
      sequence: 5, currency: 'USD', activation_required: true,
    })).toBe('10% off the whole cart; after the customer has claimed it; alone, or not at all; nothing else applies after it; '
      + 'one of the group weekend; never together with promotions tagged coupon or staff; tagged sale; place 5 in the order; only for carts in USD');
  });

  it('what is not filled in yet', () => {
    expect(say({ benefit: { type: 'amount_off', value: '' }, conditions: { type: 'channel', op: 'in', values: [] } })).toBe('… off the whole cart if the channel is …');
  });
});
