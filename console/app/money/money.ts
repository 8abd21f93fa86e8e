/**
 * Amounts and quantities are decimal strings from end to end. Nothing here makes a binary fraction of one, except
 * `share`, whose result is the length of a bar.
 */

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Whether the text is a plain decimal number, as the API reads them. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** What a person types, as the API reads it: spaces and grouping commas dropped, `.5` completed. Null: no number. */
export function readDecimal(typed: string): string | null {
  const plain = typed.trim().replace(/[\s,_](?=\d{2,3}(\D|$))/g, '');
  const text = plain.startsWith('.') ? `0${plain}` : plain.replace(/\.$/, '');
  return isDecimal(text) ? text : null;
}

function scaled(text: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(digits, '0'));
  return text.startsWith('-') ? -value : value;
}

function digitsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}

function printed(value: bigint, digits: number): string {
  const sign = value < 0n ? '-' : '';
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export function compare(a: string, b: string): number {
  const digits = Math.max(digitsOf(a), digitsOf(b));
  const [x, y] = [scaled(a, digits), scaled(b, digits)];
  return x < y ? -1 : x > y ? 1 : 0;
}

export function add(a: string, b: string): string {
  const digits = Math.max(digitsOf(a), digitsOf(b));
  return printed(scaled(a, digits) + scaled(b, digits), digits);
}

export function subtract(a: string, b: string): string {
  return add(a, b.startsWith('-') ? b.slice(1) : `-${b}`);
}

export function multiply(a: string, b: string): string {
  const digits = digitsOf(a) + digitsOf(b);
  return printed(scaled(a, digitsOf(a)) * scaled(b, digitsOf(b)), digits);
}

export function sum(amounts: Iterable<string>): string {
  let total = '0';
  for (const amount of amounts) total = add(total, amount);
  return total;
}

export function isZero(amount: string): boolean {
  return /^-?0*(\.0*)?$/.test(amount);
}

/** Without the zeros that say nothing: `10.00` is `10`. */
export function trim(amount: string): string {
  return amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount;
}

/** How much of `whole` is `part`, from 0 to 1: for the length of a bar, never for an amount. */
export function share(part: string, whole: string): number {
  if (isZero(whole)) return 0;
  const digits = Math.max(digitsOf(part), digitsOf(whole));
  const thousandths = (scaled(part, digits) * 1000n) / scaled(whole, digits);
  return Math.min(1, Math.max(0, Number(thousandths) / 1000));
}

const formats = new Map<string, Intl.NumberFormat>();

function format(locale: string | undefined, currency: string | null, digits: number): Intl.NumberFormat {
  const name = `${locale ?? ''} ${currency ?? ''} ${digits}`;
  let found = formats.get(name);
  if (found === undefined) {
    const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    const style = currency === null ? {} : { style: 'currency' as const, currency, currencyDisplay: 'narrowSymbol' as const };
    found = new Intl.NumberFormat(locale, { ...style, ...exact });
    formats.set(name, found);
  }
  return found;
}

/** An amount of money for people, with exactly the digits that it has. `Intl` reads the string digit by digit. */
export function money(amount: string, currency: string, locale?: string): string {
  if (!isDecimal(amount)) return amount;
  return format(locale, currency, digitsOf(amount)).format(amount as Intl.StringNumericLiteral);
}

/** A number for people, grouped, with exactly the digits that it has. */
export function number(value: string | number, locale?: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (!isDecimal(text)) return text;
  return format(locale, null, digitsOf(text)).format(text as Intl.StringNumericLiteral);
}
