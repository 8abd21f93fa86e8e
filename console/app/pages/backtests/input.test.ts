import { expect, it } from 'vitest';

import { AS_IS, settingsOf } from './input';

it('names only the settings that are replaced', () => {
  expect(settingsOf(AS_IS)).toBeNull();
  expect(settingsOf({ ...AS_IS, strategy: 'optimal', multiple_cart_promotions: 'no', max_discount_percent: ' 40 ' })).toEqual({
    strategy: 'optimal', multiple_cart_promotions: false, max_discount_percent: '40',
  });
});
