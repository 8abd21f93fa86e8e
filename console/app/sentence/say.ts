/** How the sentence says amounts, numbers, names and lists of them. */
import { isDecimal, money, number, trim } from '../money/money';

export interface Say {
  amount: (value: string | null | undefined) => string;
  count: (value: string | number | null | undefined) => string;
}

/** What is not filled in yet. */
export const MISSING = '…';

/** Most names of one list; the others are counted. */
const MOST_NAMES = 6;

/** Amounts with the sign of the currency, where one is given. Zeros that say nothing are left out. */
export function sayIn(currency: string | null, locale?: string): Say {
  const plain = (value: string | number | null | undefined): string | null => {
    const text = value === null || value === undefined ? '' : String(value);
    return isDecimal(text) ? trim(text) : null;
  };
  return {
    count: (value) => {
      const text = plain(value);
      return text === null ? MISSING : number(text, locale);
    },
    amount: (value) => {
      const text = plain(value);
      if (text === null) return MISSING;
      return currency === null ? number(text, locale) : money(text, currency, locale);
    },
  };
}

/** `a, b and c`. */
export function listed(parts: readonly string[], last = 'and'): string {
  if (parts.length <= 1) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1) ?? ''}`;
}

/** Names, at most a handful of them. */
export function names(values: readonly string[] | null | undefined, last = 'or'): string {
  if (values === null || values === undefined || values.length === 0) return MISSING;
  if (values.length <= MOST_NAMES) return listed(values, last);
  return `${values.slice(0, MOST_NAMES - 1).join(', ')} ${last} ${values.length - MOST_NAMES + 1} more`;
}

/** `1 time`, `2 times`. */
export function counted(count: string, one: string, many = `${one}s`): string {
  return `${count} ${count === '1' ? one : many}`;
}

export function isOne(value: string | number | null | undefined): boolean {
  return value !== null && value !== undefined && trim(String(value)) === '1';
}

export function isEmpty(values: readonly unknown[] | null | undefined): boolean {
  return values === null || values === undefined || values.length === 0;
}

/** `third`, as in “the third free”; null from the eleventh on, where a number reads better. */
export function ordinalWord(place: number): string | null {
  const words = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
  return words[place - 1] ?? null;
}

/** `1st`, `22nd`, `13th`. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[place % 10] ?? 'th');
  return `${place}${ending}`;
}
