import { expect, it } from 'vitest';

import { difference, moved } from './difference';

it('names the places that differ, and no others', () => {
  const before = { name: 'A', limits: { promotion: { times: { max: 5 } } }, scope: { stores: ['X'] }, schedule: null };
  const after = { name: 'B', limits: { promotion: { times: { max: 7 } } }, scope: { stores: ['X', 'Y'] }, schedule: null };
  expect(difference(before, after)).toEqual([
    { path: ['name'], before: 'A', after: 'B' },
    { path: ['limits', 'promotion', 'times', 'max'], before: 5, after: 7 },
    { path: ['scope', 'stores'], before: ['X'], after: ['X', 'Y'] },
  ]);
});

it('takes what is absent, null or empty for the same', () => {
  expect(difference({ a: null, b: [], c: {} }, {})).toEqual([]);
  expect(difference(null, { name: 'x' })).toEqual([{ path: [], before: null, after: { name: 'x' } }]);
});

it('shows a value of another kind whole', () => {
  const before = { benefit: { type: 'amount_off', value: '5' } };
  const after = { benefit: { type: 'percentage_off', value: '5' } };
  expect(difference(before, after)).toEqual([{ path: ['benefit'], before: before.benefit, after: after.benefit }]);
});

it('compares lists of objects by place', () => {
  expect(difference({ of: [{ value: '1' }, { value: '2' }] }, { of: [{ value: '1' }] })).toEqual([
    { path: ['of', '1'], before: { value: '2' }, after: undefined },
  ]);
});

it('says what a list lost and got', () => {
  expect(moved(['a', 'b'], ['b', 'c'])).toEqual({ gone: ['a'], come: ['c'], isSorted: false });
  expect(moved(['a', 'b'], ['b', 'a']).isSorted).toBe(true);
});
