import { expect, it } from 'vitest';

import type { RedemptionFull } from '../../api/schema';
import { leftOf } from './left';

it('counts what has not come back', () => {
  const sale = {
    request: { cart: { lines: [{ id: '1', sku: 'A', quantity: '3', title: 'Tee' }, { id: '2', sku: 'B', quantity: '0.750' }] } },
    returns: [{ lines: [{ id: '1', quantity: '1' }] }, { lines: [{ id: '1', quantity: '1' }, { id: '2', quantity: '0.75' }] }],
  } as unknown as RedemptionFull;
  expect(leftOf(sale)).toEqual([{ id: '1', title: 'Tee', quantity: '1' }]);
});
