/** The starting points: promotions that are nearly there, with names to be replaced. */
import type { PredicateInput } from '../../api/schema';
import { starts as texts } from '../../texts/editor';
import type { Draft } from './draft';

export interface Start {
  id: keyof typeof texts;
  make: (dates: { starts_at: string; ends_at: string }) => Draft;
}

const category = (...values: string[]): { include: PredicateInput[] } => ({ include: [{ field: 'category', op: 'in', values }] });

type Parts = Omit<Draft, 'name' | 'starts_at' | 'ends_at' | 'type'> & Partial<Pick<Draft, 'type'>>;

function start(id: Start['id'], parts: Parts): Start {
  return {
    id,
    make: (dates) => ({
      name: texts[id].title, description: '', type: 'pos', campaign: null, sequence: 100, ...dates, currency: null, schedule: null,
      scope: { stores: [], concepts: [], zones: [], channels: [] }, audience: { type: 'all' }, activation_required: false,
      conditions: null, limits: {}, stacking: { exclusive: false, allow_further: true, group: null, tags: [], not_with: [] },
      suggest: false, message: '', custom_fields: {}, earning: null, expiry: null, communication: null,
      ...parts,
    }),
  };
}

export const STARTS: readonly Start[] = [
  start('percent_category', {
    benefit: { type: 'percentage_off', value: '10', target: { type: 'items', from: 'matching', select: category('Shirts') } },
  }),
  start('buy_two_get_one', {
    conditions: { type: 'line_quantity', of: category('Shirts'), op: 'gte', value: '2' },
    benefit: {
      type: 'percentage_off', value: '100', target: { type: 'items', from: 'beyond_condition', quantity: '1', pick: 'cheapest' },
      repeat: { per: 'quantity', every: '2' },
    },
    suggest: true, suggestion_message: 'One more shirt, and it is free',
  }),
  start('bundle', {
    conditions: { type: 'line_quantity', of: category('Shirts'), op: 'gte', value: '3' },
    benefit: { type: 'bundle_price', value: '999', target: { type: 'items', from: 'in_condition' }, repeat: { per: 'quantity', every: '3' } },
  }),
  start('spend_and_save', {
    benefit: {
      type: 'percentage_off', target: { type: 'cart' },
      steps: { measure: 'amount', values: [{ from: '1000', value: '5' }, { from: '2000', value: '10' }, { from: '5000', value: '15' }] },
    },
    suggest: true, suggestion_message: 'Add {shortfall} more and save {gain}',
  }),
  start('happy_hour', {
    benefit: { type: 'percentage_off', value: '20', target: { type: 'items', from: 'matching', select: category('Bakery') } },
    schedule: { timezone: null, recurrence: { type: 'weekly', days: ['mon', 'tue', 'wed', 'thu', 'fri'] }, daily_window: { start: '17:00', duration_hours: '2' } },
  }),
  start('member_price', {
    type: 'loyalty',
    benefit: { type: 'fixed_price', value: '199', target: { type: 'items', from: 'matching', select: { include: [{ field: 'sku', op: 'in', values: ['SKU-1'] }] } } },
    audience: { type: 'loyalty', programs: [{ program: 'main', tiers: [], supplementary: [] }], groups: [] },
  }),
  start('coupon', {
    type: 'code_linked',
    conditions: { type: 'cart_amount', op: 'gte', value: '500' },
    benefit: { type: 'amount_off', value: '100', target: { type: 'cart' } },
    limits: { code: { times: { max: 1 } } },
  }),
  start('free_gift', {
    conditions: { type: 'cart_amount', op: 'gte', value: '2000' },
    benefit: { type: 'free_product', product: { sku: 'GIFT-1', quantity: '1' } },
  }),
  start('free_shipping', {
    conditions: { type: 'subtotal', op: 'gte', value: '1500' },
    benefit: { type: 'percentage_off', value: '100', target: { type: 'shipping' } },
    suggest: true, suggestion_message: 'Add {shortfall} more for free shipping',
  }),
  start('nth_item', {
    conditions: { type: 'line_quantity', of: category('Shoes'), op: 'gte', value: '1' },
    benefit: {
      type: 'percentage_off', value: '50', target: { type: 'items', from: 'beyond_condition', quantity: '1', pick: 'cheapest' },
      repeat: { per: 'quantity', every: '1', max_times: 1 },
    },
  }),
  start('payment_method', {
    conditions: {
      type: 'group', match: 'all', is: true,
      of: [{ type: 'cart_amount', op: 'gte', value: '1000' }, { type: 'payment_mode', op: 'in', values: ['UPI'] }],
    },
    benefit: { type: 'amount_off', value: '50', target: { type: 'cart' } },
    limits: { customer: { times: { max: 1, refresh: { every: 1, unit: 'month' } } } },
  }),
  start('reward', {
    type: 'rewards',
    benefit: { type: 'percentage_off', value: '15', target: { type: 'cart' } },
    earning: { trigger: 'direct' }, expiry: { type: 'after_days', days: 30 }, limits: { earn: { transactions: 1 }, cart: { discount: '500' } },
  }),
];
