/** How often it may be used, in words. */
import type { LimitsInput, RefreshInput, SubjectLimitsInput } from '../api/schema';
import { counted, isOne } from './say';
import type { Say } from './say';

function window(refresh: RefreshInput | null | undefined, say: Say): string {
  if (refresh === null || refresh === undefined) return '';
  return isOne(refresh.every) ? ` in 1 ${refresh.unit}` : ` in ${say.count(refresh.every)} ${refresh.unit}s`;
}

function subject(limits: SubjectLimitsInput | null | undefined, whose: string, say: Say): string[] {
  const parts: string[] = [];
  const { times, transactions, discount } = limits ?? {};
  if (times) parts.push(`at most ${counted(say.count(times.max), 'time')}${whose}${window(times.refresh, say)}`);
  if (transactions) parts.push(`on at most ${counted(say.count(transactions.max), 'cart')}${whose}${window(transactions.refresh, say)}`);
  if (discount) parts.push(`at most ${say.amount(discount.max)} of discount${whose}${window(discount.refresh, say)}`);
  return parts;
}

export function bounds(limits: LimitsInput | null | undefined, say: Say): string[] {
  const { cart, earn, issue } = limits ?? {};
  const said = <T extends number | string>(value: T | null | undefined, words: (value: T) => string): string[] => (
    value === null || value === undefined ? [] : [words(value)]
  );
  return [
    ...subject(limits?.promotion, '', say),
    ...subject(limits?.customer, ' for each customer', say),
    ...subject(limits?.code, ' for each code', say),
    ...said(cart?.times, (times) => `at most ${counted(say.count(times), 'time')} on one cart`),
    ...said(cart?.discount, (discount) => `at most ${say.amount(discount)} off one cart`),
    ...said(issue?.per_customer, (times) => `given to each customer at most ${counted(say.count(times), 'time')}`),
    ...said(earn?.per_customer, (times) => `earned by each customer at most ${counted(say.count(times), 'time')}`),
    ...said(earn?.times, (times) => `each one usable at most ${counted(say.count(times), 'time')}`),
    ...said(earn?.transactions, (carts) => `each one usable on at most ${counted(say.count(carts), 'cart')}`),
    ...said(earn?.discount, (discount) => `each one worth at most ${say.amount(discount)}`),
  ];
}
