import { expect, it } from 'vitest';

import { rateOf } from './rates';

it('reads a rate with both numbers, none, or tells that one is missing', () => {
  expect(rateOf({ per_second: '', burst: '' })).toBeNull();
  expect(rateOf({ per_second: 5, burst: '' })).toBeUndefined();
  expect(rateOf({ per_second: '5', burst: 9 })).toEqual({ per_second: 5, burst: 9 });
});
