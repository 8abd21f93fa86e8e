/**
 * What a promotion does, in one sentence of plain English, made from its document. The list, the editor and a
 * promotion's page show it. A document that is not complete yet has a sentence too, with `…` for what is missing.
 */
import type { AudienceInput, EarningInput, PromotionInput, ScopeInput, StackingInput } from '../api/schema';
import { given } from './benefits';
import { asked, claim } from './conditions';
import { bounds } from './limits';
import { counted, isEmpty, listed, MISSING, names, sayIn } from './say';
import type { Say } from './say';
import { opening } from './schedule';

export interface SentenceOptions {
  /** The tenant's, unless the promotion has its own. Without one, amounts are plain numbers. */
  currency?: string;
  locale?: string;
}

/** What the sentence is made of. */
export type Sayable = Pick<PromotionInput, 'type' | 'benefit'> & Partial<Omit<PromotionInput, 'status'>>;

const DEFAULT_SEQUENCE = 100;

export function sentence(promotion: Sayable, options: SentenceOptions = {}): string {
  const say = sayIn(promotion.currency ?? options.currency ?? null, options.locale);
  const parts = [
    deal(promotion, say),
    ...reach(promotion, say),
    ...people(promotion.audience, promotion.type),
    opening(promotion.schedule, say),
    ...scope(promotion.scope),
    ...bounds(promotion.limits, say),
    promotion.activation_required === true ? 'after the customer has claimed it' : null,
    ...stacking(promotion.stacking),
    promotion.sequence !== null && promotion.sequence !== undefined && promotion.sequence !== DEFAULT_SEQUENCE
      ? `place ${say.count(promotion.sequence)} in the order` : null,
    promotion.currency ? `only for carts in ${promotion.currency}` : null,
  ];
  const words = parts.filter((part) => part !== null && part !== '').join('; ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What must be bought, and what is given for it. */
function deal({ benefit, conditions }: Sayable, say: Say): string {
  const { purchases, claims } = asked(conditions, say);
  const { words, isNext } = given(benefit, conditions, say);
  const condition = claims === null ? '' : ` if ${claims}`;
  if (purchases === null) return `${isNext ? 'get ' : ''}${words}${condition}`;
  return `${purchases}${isNext ? ', get' : ':'} ${words}${condition}`;
}

function reach({ type, audience, earning, expiry, communication }: Sayable, say: Say): string[] {
  const parts: string[] = [];
  switch (type) {
    case 'pos': break;
    case 'loyalty': if (isEmpty(audience?.programs)) parts.push('for members'); break;
    case 'code_linked': parts.push('with a code'); break;
    case 'rewards': parts.push('for customers to whom it was given'); break;
    case 'loyalty_earning': parts.push(...earned(earning, say)); break;
  }
  if (expiry?.type === 'after_days') parts.push(`usable for ${counted(say.count(expiry.days), 'day')}`);
  const reminder = communication?.expiry_reminder;
  if (reminder) parts.push(`with a reminder ${counted(say.count(reminder.days_before), 'day')} before it expires`);
  return parts;
}

function earned(earning: EarningInput | null | undefined, say: Say): string[] {
  if (earning === null || earning === undefined) return [`earned by ${MISSING}`];
  const parts: string[] = [];
  switch (earning.trigger) {
    case 'direct': parts.push('for customers to whom it was given'); break;
    case 'milestone': parts.push(`earned by the target ${earning.milestone?.target || MISSING} of the milestone ${earning.milestone?.name || MISSING}`); break;
    case 'activity': {
      const by = { transaction: 'a purchase', registration: 'a registration', profile_update: 'a completed profile' } as const;
      const where = scope(earning.scope).join(', ');
      const when = earning.conditions ? ` in which ${claim(earning.conditions, say)}` : '';
      parts.push(`earned by ${earning.activity ? by[earning.activity] : MISSING}${where === '' ? '' : ` at ${where}`}${when}`);
      break;
    }
  }
  if (earning.requires_issue === true) parts.push('only by customers to whom it was given before');
  if (earning.earn_within_days !== null && earning.earn_within_days !== undefined) {
    parts.push(`to be earned within ${counted(say.count(earning.earn_within_days), 'day')}`);
  }
  return parts;
}

function people(given: AudienceInput | null | undefined, type: Sayable['type']): string[] {
  const parts: string[] = [];
  if (given?.type === 'identified') parts.push('for identified customers');
  if (given?.type === 'loyalty' && type !== 'loyalty' && isEmpty(given.programs)) parts.push('for members');
  for (const { program, tiers, supplementary } of given?.programs ?? []) {
    const tier = isEmpty(tiers) ? '' : `${names(tiers)} `;
    const extra = isEmpty(supplementary) ? '' : ` with ${names(supplementary)}`;
    parts.push(`for ${tier}members of ${program || MISSING}${extra}`);
  }
  const programs = parts.length > 1 ? [parts.join(' or ')] : parts;
  return isEmpty(given?.groups) ? programs : [...programs, `for customers in the group ${names(given?.groups)}`];
}

function scope(given: ScopeInput | null | undefined): string[] {
  const kinds = [
    ['store', 'stores', given?.stores], ['concept', 'concepts', given?.concepts], ['zone', 'zones', given?.zones],
    ['channel', 'channels', given?.channels],
  ] as const;
  return kinds.flatMap(([one, many, values]) => (
    values === null || values === undefined || values.length === 0 ? [] : [`${values.length === 1 ? one : many} ${names(values, 'and')}`]
  ));
}

function stacking(given: StackingInput | null | undefined): (string | null)[] {
  if (given === null || given === undefined) return [];
  return [
    given.exclusive === true ? 'alone, or not at all' : null,
    given.allow_further === false ? 'nothing else applies after it' : null,
    given.group ? `one of the group ${given.group}` : null,
    isEmpty(given.not_with) ? null : `never together with promotions tagged ${names(given.not_with)}`,
    isEmpty(given.tags) ? null : `tagged ${listed(given.tags ?? [])}`,
  ];
}
