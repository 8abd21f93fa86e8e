/** Why a promotion or a code did not apply, in plain words: for services that give no sentence. */
import type { Evaluation, ReasonCode } from '../api/schema';

export const reasonWords: Record<ReasonCode, string> = {
  paused: 'It is paused',
  not_started: 'It has not started',
  ended: 'It has ended',
  outside_schedule: 'It is not open at this time',
  currency_mismatch: 'It is for another currency',
  out_of_scope: 'It is not for this store or channel',
  not_in_audience: 'It is not for this customer',
  customer_required: 'Only for customers who are known',
  code_not_presented: 'Its code is not on the cart',
  not_issued: 'The customer does not have it',
  not_activated: 'The customer has not claimed it',
  limit_reached: 'A limit is used up',
  conditions_not_met: 'The cart does not meet its conditions',
  no_eligible_items: 'Nothing in the cart can be discounted by it',
  units_taken: 'Other promotions have taken the items',
  incompatible: 'It does not go together with one that applied',
  no_benefit: 'It would take nothing off',
  another_cart_promotion_applied: 'Another promotion on the whole cart applied',
  cart_promotion_applied_first: 'A promotion on the whole cart applied first',
  exclusive_applied: 'One that applies alone has applied',
  exclusive_passed_over: 'It applies alone, and another ranks before it',
  stopped_by_earlier: 'An earlier one lets nothing follow',
  better_deal_taken: 'Others give the larger discount',
};

/** What only codes have. */
const ofCodes: Record<string, string> = {
  already_unlocked: 'Another code has unlocked it',
  code_of_another_customer: 'The code belongs to another customer',
};

type CodeStatus = Evaluation['codes'][number]['status'];

export const codeWords: Record<CodeStatus, string> = {
  applied: 'applied',
  not_applied: 'did not apply',
  unknown: 'is not known',
  expired: 'has expired',
  exhausted: 'is used up',
  duplicate: 'is there twice',
};

export function saidOfReason(reason: string): string {
  return ({ ...reasonWords, ...ofCodes } as Record<string, string>)[reason] ?? reason.replaceAll('_', ' ');
}
