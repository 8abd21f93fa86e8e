import { describe, expect, it } from 'vitest';

import { add, compare, isZero, money, multiply, number, readDecimal, share, subtract, sum, trim } from './money';

describe('amounts', () => {
  it('are added digit by digit, where floats would miss', () => {
    expect(add('0.1', '0.2')).toBe('0.3');
    expect(sum(['0.10', '0.20', '0.005'])).toBe('0.305');
    expect(add('999999999999.9999', '0.0001')).toBe('1000000000000.0000');
    expect(subtract('1.00', '1.01')).toBe('-0.01');
    expect(subtract('1', '-0.5')).toBe('1.5');
    expect(multiply('0.07', '3')).toBe('0.21');
    expect(multiply('-1.5', '2.25')).toBe('-3.375');
  });

  it('are compared as numbers', () => {
    expect(compare('10', '9.99')).toBe(1);
    expect(compare('1.50', '1.5')).toBe(0);
    expect(compare('-1', '0')).toBe(-1);
    expect(isZero('0.00')).toBe(true);
    expect(isZero('0.01')).toBe(false);
  });

  it('are printed with the digits that they have', () => {
    expect(money('1234567.10', 'INR', 'en-IN')).toBe('₹12,34,567.10');
    expect(money('9007199254740993.01', 'USD', 'en-US')).toBe('$9,007,199,254,740,993.01');
    expect(money('12', 'JPY', 'en-US')).toBe('¥12');
    expect(number('10000', 'en-US')).toBe('10,000');
    expect(trim('10.00')).toBe('10');
    expect(trim('100')).toBe('100');
  });

  it('are read as people type them', () => {
    expect(readDecimal(' 1,234.50 ')).toBe('1234.50');
    expect(readDecimal('12,34,567')).toBe('1234567');
    expect(readDecimal('.5')).toBe('0.5');
    expect(readDecimal('5.')).toBe('5');
    expect(readDecimal('1e3')).toBeNull();
    expect(readDecimal('')).toBeNull();
    expect(readDecimal('5,5')).toBeNull();
  });

  it('give the length of a bar', () => {
    expect(share('50', '200')).toBe(0.25);
    expect(share('300', '200')).toBe(1);
    expect(share('1', '0')).toBe(0);
  });
});
