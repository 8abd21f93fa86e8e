/** Why a promotion did not apply, where the service gives no explanation of its own. */
import type { ReasonCode } from '../api/schema';

export const reasonWords: Record<ReasonCode, string> = {
  paused: 'It is paused.',
  not_started: 'It has not begun yet.',
  ended: 'It has ended.',
  outside_schedule: 'It is not open at this time.',
  currency_mismatch: 'The cart is in another currency.',
  out_of_scope: 'Not in this store, or not by this channel.',
  not_in_audience: 'This customer is not among those for whom it is.',
  customer_required: 'It needs a customer who is known.',
  code_not_presented: 'Its code is not on the cart.',
  not_issued: 'This customer does not have it.',
  not_activated: 'The customer has not claimed it yet.',
  limit_reached: 'It is used up.',
  conditions_not_met: 'Its conditions are not met.',
  no_eligible_items: 'Nothing in the cart can be discounted by it.',
  units_taken: 'Another promotion has taken the items.',
  incompatible: 'It does not go together with one that applied.',
  no_benefit: 'It would take nothing off.',
  another_cart_promotion_applied: 'Another promotion for the whole cart has applied.',
  cart_promotion_applied_first: 'A promotion for the whole cart has applied first.',
  exclusive_applied: 'One has applied that applies alone.',
  exclusive_passed_over: 'It applies only alone, and another goes before it.',
  stopped_by_earlier: 'One before it lets nothing apply after it.',
  better_deal_taken: 'Another deal is better.',
};
