import { expect, it } from 'vitest';

import { rounded } from './rounding';

it('rounds as the service does', () => {
  const modes = ['up', 'down', 'ceiling', 'floor', 'half_up', 'half_down', 'half_even'] as const;
  const all = (amount: string, precision: number) => modes.map((mode) => rounded(amount, mode, precision));
  expect(all('2.345', 2)).toEqual(['2.35', '2.34', '2.35', '2.34', '2.35', '2.34', '2.34']);
  expect(all('2.355', 2)).toEqual(['2.36', '2.35', '2.36', '2.35', '2.36', '2.35', '2.36']);
  expect(all('2.3451', 2)).toEqual(['2.35', '2.34', '2.35', '2.34', '2.35', '2.35', '2.35']);
  expect(all('2.344', 2)).toEqual(['2.35', '2.34', '2.35', '2.34', '2.34', '2.34', '2.34']);
  expect(all('2.300', 1)).toEqual(Array(7).fill('2.3'));
  expect(all('7.5', 0)).toEqual(['8', '7', '8', '7', '8', '7', '8']);
  expect(rounded('9', 'half_up', 2)).toBe('9.00');
});
