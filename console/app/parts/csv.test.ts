import { expect, it } from 'vitest';

import { firstColumn, rows } from './csv';

it('reads quotes, empty cells and all ends of lines', () => {
  expect(rows('a,"b, ""c""\nd",\r\ne;f')).toEqual([['a', 'b, "c"\nd', ''], ['e', 'f']]);
  expect(rows('')).toEqual([]);
});

it('takes the first column once, with and without a header', () => {
  expect(firstColumn('\uFEFFSKU,title\nA-1,Tee\n\nB-2,Cap\nA-1,Tee\n', ['sku'])).toEqual(['A-1', 'B-2']);
  expect(firstColumn('A-1\nB-2', ['sku'])).toEqual(['A-1', 'B-2']);
});
