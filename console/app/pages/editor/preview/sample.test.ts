import { describe, expect, it } from 'vitest';

import type { ConditionInput, Store } from '../../../api/schema';
import { Temporal } from '../../../time/zone';
import type { Draft } from '../draft';
import { STARTS } from '../starts';
import { firstOpening } from './moment';
import { pricedDraft, SAMPLE_CODE, sampleOf } from './sample';

const DATES = { starts_at: '2026-06-01T00:00:00Z', ends_at: '2026-07-01T00:00:00Z' };

function made(id: string): Draft {
  const start = STARTS.find((known) => known.id === id);
  if (start === undefined) throw new Error(id);
  return start.make(DATES);
}

function lines(draft: Draft): string[] {
  return sampleOf(draft, []).cart.lines.map((line) => `${line.quantity} × ${line.categories?.[0] ?? line.sku} at ${line.unit_price}`);
}

const asking = (conditions: ConditionInput): Draft => ({ ...made('percent_category'), conditions, benefit: { type: 'percentage_off', value: '10' } });

describe('the sample cart', () => {
  it('has what each starting point needs', () => {
    expect(Object.fromEntries(STARTS.map((start) => [start.id, lines(start.make(DATES))]))).toEqual({
      percent_category: ['1 × Shirts at 400'],
      buy_two_get_one: ['3 × Shirts at 400'],
      bundle: ['3 × Shirts at 400'],
      spend_and_save: ['1 × SAMPLE-1 at 5000'],
      happy_hour: ['1 × Bakery at 400'],
      member_price: ['1 × SKU-1 at 400'],
      coupon: ['2 × SAMPLE-1 at 400'],
      free_gift: ['1 × GIFT-1 at 400', '1 × SAMPLE-OTHER at 2000'],
      free_shipping: ['2 × SAMPLE-1 at 400', '1 × SAMPLE-OTHER at 1500'],
      nth_item: ['2 × Shoes at 400'],
      payment_method: ['2 × SAMPLE-1 at 400', '1 × SAMPLE-OTHER at 1000'],
      reward: ['2 × SAMPLE-1 at 400'],
    });
  });

  it('pays, is known and comes by the way that is asked for', () => {
    const sample = sampleOf(asking({
      type: 'group', of: [
        { type: 'payment_mode', op: 'in', values: ['UPI'], min_amount: '100' }, { type: 'channel', op: 'in', values: ['web'] },
        { type: 'customer_group', op: 'in', values: ['staff'] }, { type: 'customer_attribute', key: 'city', op: 'eq', value: 'Pune' },
        { type: 'gift_voucher', values: ['G-1'] }, { type: 'shipping_method', op: 'in', values: ['express'] },
      ],
    }), []);
    expect(sample.cart.tenders).toEqual([{ mode: 'UPI', amount: '100' }]);
    expect(sample.cart.gift_vouchers).toEqual(['G-1']);
    expect(sample.cart.shipping?.method).toBe('express');
    expect(sample.channel).toBe('web');
    expect(sample.customer).toMatchObject({ groups: ['staff'], attributes: { city: 'Pune' } });
  });

  it('has as many different products as are asked for', () => {
    const draft = asking({ type: 'distinct_variants', of: { include: [{ field: 'category', op: 'in', values: ['Tea'] }] }, op: 'gte', value: '3' });
    expect(new Set(sampleOf(draft, []).cart.lines.map((line) => line.sku)).size).toBe(3);
  });

  it('is in a store that the scope lets in', () => {
    const stores: Store[] = [
      { code: 'A', concept: 'express', zones: ['north'], timezone: null }, { code: 'B', concept: 'mall', zones: ['south', 'metro'], timezone: null },
    ];
    const within = (scope: Draft['scope']) => sampleOf({ ...made('coupon'), ...(scope !== undefined && { scope }) }, stores).store;
    expect(within({ zones: ['metro'] })).toBe('B');
    expect(within({ stores: ['A'], concepts: ['express'] })).toBe('A');
    expect(within({ stores: [] })).toBeUndefined();
    expect(within({ zones: ['west'] })).toBeUndefined();
  });

  it('is unlocked by a code, and given to the customer', () => {
    expect(sampleOf(made('coupon'), []).cart.codes).toEqual([SAMPLE_CODE]);
    expect(pricedDraft(made('coupon')).codes).toEqual([SAMPLE_CODE]);
    expect(pricedDraft(made('reward'))).toMatchObject({ type: 'pos', earning: null, limits: { cart: { discount: '500' } } });
  });
});

describe('the moment of pricing', () => {
  const at = (draft: Draft, now: string) => firstOpening(draft, 'UTC', Temporal.Instant.from(now));
  it('is now, or when the draft begins or opens', () => {
    expect(at(made('coupon'), '2026-06-10T10:00:00Z')).toBe('2026-06-10T10:00:00Z');
    expect(at(made('coupon'), '2026-05-10T10:00:00Z')).toBe('2026-06-01T00:00:00Z');
    expect(at(made('happy_hour'), '2026-06-06T10:00:00Z')).toBe('2026-06-08T17:00:00+00:00');
    expect(at(made('coupon'), '2026-07-01T00:00:00Z')).toBeNull();
    expect(at({ ...made('coupon'), ends_at: '' }, '2026-06-10T10:00:00Z')).toBeNull();
  });
});
