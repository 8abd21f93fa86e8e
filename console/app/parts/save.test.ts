import { expect, it } from 'vitest';

import { toCsv } from './save';

it('quotes what would break a file, and takes the sting out of formulas', () => {
  expect(toCsv([['a', 'b,c', 'say "x"'], ['=1+1', '-5.00', '-cmd']])).toBe('a,"b,c","say ""x"""\r\n\'=1+1,-5.00,\'-cmd\r\n');
});
