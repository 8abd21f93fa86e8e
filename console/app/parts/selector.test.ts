import { expect, it } from 'vitest';

import { isPlainSelector } from './selector';

it('tells whether names alone say which lines are meant', () => {
  const named = { field: 'category', op: 'in', values: ['Tees'] } as const;
  expect(isPlainSelector(null)).toBe(true);
  expect(isPlainSelector({ include: [{ ...named, values: ['Tees'] }] })).toBe(true);
  expect(isPlainSelector({ match: 'any', include: [] })).toBe(false);
  expect(isPlainSelector({ exclude: [{ ...named, values: [] }] })).toBe(false);
  expect(isPlainSelector({ include: [{ field: 'sku', op: 'in_list', list: 'x' }] })).toBe(false);
});
