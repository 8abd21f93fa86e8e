/** Plain words for the closed sets of the API, as every page says them. */
import type { FindingSeverity, LifecycleStatus, PromotionState, PromotionType, Usage } from '../api/schema';

export const stateWords: Record<PromotionState, string> = {
  draft: 'Draft',
  scheduled: 'Scheduled',
  live: 'Live',
  paused: 'Paused',
  ended: 'Ended',
  archived: 'Archived',
};

export const statusWords: Record<LifecycleStatus, string> = {
  draft: 'Draft',
  active: 'Active',
  paused: 'Paused',
  archived: 'Archived',
};

export const typeWords: Record<PromotionType, string> = {
  pos: 'Automatic',
  loyalty: 'For members',
  loyalty_earning: 'Earned',
  rewards: 'Reward',
  code_linked: 'With a code',
};

export const typeExplained: Record<PromotionType, string> = {
  pos: 'Applies by itself to every cart that meets its conditions.',
  loyalty: 'Applies by itself for customers with a loyalty membership.',
  loyalty_earning: 'A customer earns it by a purchase, a registration or a milestone, and uses it later.',
  rewards: 'You give it to customers one by one, like a voucher with a name on it.',
  code_linked: 'Applies when one of its codes is on the cart.',
};

export type LimitName = keyof Usage;

export const limitWords: Record<LimitName, string> = {
  'promotion.times': 'Times, in all',
  'promotion.transactions': 'Carts, in all',
  'promotion.discount': 'Discount, in all',
  'customer.times': 'Times for a customer',
  'customer.transactions': 'Carts for a customer',
  'customer.discount': 'Discount for a customer',
  'code.times': 'Times for a code',
  'code.transactions': 'Carts for a code',
  'code.discount': 'Discount for a code',
  'earn.times': 'Times for each one earned',
  'earn.transactions': 'Carts for each one earned',
  'earn.discount': 'Discount for each one earned',
};

export const severityWords: Record<FindingSeverity, string> = { warning: 'Check this', info: 'Good to know' };

/** What a refusal of one promotion means, where many were asked for. */
export const refusalWords: Record<string, string> = {
  active_promotion_limit: 'The tenant has as many active promotions as it may have.',
  invalid_transition: 'Its present state does not allow this.',
  archived: 'It is archived, and stays so.',
  not_found: 'It does not exist any more.',
  required: 'A required custom field is empty.',
};
