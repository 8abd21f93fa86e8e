import { describe, expect, it } from 'vitest';

import type { Evaluation } from '../../api/schema';
import { baseOf, gaps } from './comparison';
import { EMPTY, formOf, newLine, nextId, requestOf } from './form';
import { pasted } from './paste';
import { curl } from './wire';

describe('the form', () => {
  it('leaves out what is empty', () => {
    expect(requestOf({ ...EMPTY, lines: [newLine('1', { sku: 'A', unit_price: '1,299.50' }), newLine('2')] })).toEqual({
      cart: { lines: [{ id: '1', sku: 'A', quantity: '1', unit_price: '1299.50' }] }, explain: 'all',
    });
  });

  it('says a recorded request again', () => {
    const request = {
      cart: {
        currency: 'INR', codes: ['SAVE'], gift_vouchers: ['V'], shipping: { method: 'home', amount: '49.00' }, tenders: [{ mode: 'UPI', amount: '5' }, { mode: 'CASH' }],
        lines: [{ id: 'x', sku: 'A', quantity: '0.500', unit_price: '10', categories: ['T'], tags: ['n'], attributes: { color: 'a=b' }, variant: { size: 'M' }, mrp: '12', brand: 'B' }],
      },
      customer: { id: 'C', loyalty: [{ program: 'main', tier: 'gold', supplementary: ['p'] }, { program: 'two' }], groups: ['staff'], attributes: { city: 'Pune' } },
      store: 'S', channel: 'web', explain: 'none' as const,
    };
    const at = '2026-06-01T00:00:00Z';
    expect(requestOf(formOf(request, at))).toEqual({ ...request, at, explain: 'all' });
  });

  it('finds an id that no line has', () => {
    expect(nextId([newLine('1'), newLine('x'), newLine('7')])).toBe('8');
    expect(nextId([])).toBe('1');
  });
});

describe('pasted lines', () => {
  it('come with tabs and without a header', () => {
    const { lines, faults } = pasted('TEE\t3\t1,499.00\tRed tee\tApparel|Tees\nCAP\t\t99\n', 4);
    expect(faults).toEqual([]);
    expect(lines.map(({ id, sku, quantity, unit_price, title, categories }) => [id, sku, quantity, unit_price, title, categories])).toEqual([
      ['4', 'TEE', '3', '1499.00', 'Red tee', ['Apparel', 'Tees']], ['5', 'CAP', '1', '99', '', []],
    ]);
  });

  it('come with a header in any order and by usual names', () => {
    const { lines } = pasted('Price,Qty,SKU,Brand\n5,2,A,Acme\n', 1);
    expect(lines[0]).toMatchObject({ sku: 'A', quantity: '2', unit_price: '5', brand: 'Acme' });
  });

  it('say what is wrong, by line', () => {
    expect(pasted('sku,quantity,price\n,1,5\n\nA,two,5\nB,1,\n', 1)).toEqual({
      lines: [], faults: [{ line: 2, fault: 'no_sku' }, { line: 4, fault: 'no_quantity' }, { line: 5, fault: 'no_price' }],
    });
  });
});

describe('a comparison', () => {
  const request = { cart: { lines: [{ id: 'a', sku: 'TEE', title: 'Red tee', quantity: '2.000', unit_price: '10' }, { id: 'b', sku: 'CAP', quantity: '1', unit_price: '5' }] } };
  const priced = (first: string, second: string, off = '0.00') => ({
    lines: [{ id: 'a', sku: 'TEE', quantity: '2.000', payable: first }, { id: 'b', sku: 'CAP', quantity: '1', payable: second }],
    totals: { shipping: '49.00', shipping_discount: off },
  }) as unknown as Evaluation;

  it('of two settings has the same promotions on both sides', () => {
    const changed = { ...request, without: ['P'], settings: { strategy: 'optimal' as const } };
    expect(baseOf(changed)).toEqual({ ...request, without: ['P'] });
    expect(baseOf({ ...request, without: ['P'], with: [] })).toEqual(request);
    expect(baseOf({ ...request, without: [] })).toBeNull();
  });

  it('names what costs something else, as the receipt does', () => {
    expect(gaps(request, priced('18.00', '5.00'), priced('18', '4.50', '49.00'))).toEqual([
      { name: '1 × CAP', base: '5.00', result: '4.50' }, { name: 'Shipping', base: '49.00', result: '0.00' },
    ]);
    expect(gaps(request, priced('18.00', '5.00'), priced('17.99', '5.01')).map(({ name }) => name)).toEqual(['2 × Red tee', '1 × CAP']);
    expect(gaps(request, priced('18.00', '5.00'), priced('18.0', '5.00'))).toEqual([]);
  });
});

it('writes a command that a shell reads, without the key', () => {
  expect(curl('http://x', '/v1/evaluate-cart', { a: "it's" })).toBe(
    `curl 'http://x/v1/evaluate-cart' \\\n  -H "authorization: Bearer $KEY" \\\n  -H 'content-type: application/json' \\\n  --data-binary '{\n  "a": "it'\\''s"\n}'`,
  );
});
