/** The document that is edited: a promotion without its status, and without what the service computes. */
import type { Promotion, PromotionInput, PromotionReplacement, PromotionType } from '../../api/schema';

type Computed = 'id' | 'version' | 'state' | 'usage' | 'created_at' | 'updated_at' | 'findings';

export type Draft = Omit<PromotionInput, 'status' | Computed>;

/** What an existing promotion is, as a draft. */
export function draftOf(promotion: Promotion): Draft {
  const copy: Partial<Promotion> = { ...promotion };
  for (const computed of ['id', 'version', 'state', 'usage', 'created_at', 'updated_at', 'findings', 'status'] as const) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete copy[computed];
  }
  return plain(copy) as Draft;
}

/** Without parts that say nothing, so that two documents that mean the same look the same. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

/** As a `PUT` takes it. */
export function replacementOf(draft: Draft): PromotionReplacement {
  return draft;
}

/** Types that a customer must have been given, or must have earned. */
export function isEarned(type: PromotionType): boolean {
  return type === 'loyalty_earning' || type === 'rewards';
}

/** What goes with the other type, and not with this one, is taken out; what it must have is put in. */
export function withType(draft: Draft, type: PromotionType): Draft {
  const limits = { ...draft.limits };
  const has = (allowed: readonly PromotionType[]) => allowed.includes(type);
  if (!has(LIMITS.issue)) delete limits.issue;
  if (!has(LIMITS.code)) delete limits.code;
  if (!has(LIMITS.earn)) delete limits.earn;
  if (!has(LIMITS.customer)) delete limits.customer;
  if (!has(LIMITS.promotion)) delete limits.promotion;
  const next: Draft = { ...draft, type, limits };
  if (!isEarned(type)) return { ...next, earning: null, expiry: null, communication: null };
  if (type === 'rewards') return { ...next, earning: { trigger: 'direct' } };
  return { ...next, earning: draft.earning ?? { trigger: 'activity', activity: 'transaction' } };
}

export type Subject = 'issue' | 'code' | 'earn' | 'cart' | 'customer' | 'promotion';

/** Which types may have which limits (spec 5.5). */
export const LIMITS: Record<Subject, readonly PromotionType[]> = {
  promotion: ['pos', 'loyalty'],
  customer: ['pos', 'loyalty', 'loyalty_earning', 'rewards'],
  cart: ['pos', 'loyalty', 'loyalty_earning', 'rewards', 'code_linked'],
  code: ['code_linked'],
  issue: ['loyalty', 'loyalty_earning', 'rewards'],
  earn: ['loyalty_earning', 'rewards'],
};

/** The section in which the field of a pointer stands. */
export type Section = 'details' | 'earning' | 'conditions' | 'benefit' | 'scope' | 'more' | 'stacking' | 'json';

const SECTIONS: Record<string, Section> = {
  name: 'details', type: 'details', campaign: 'details', description: 'details', starts_at: 'details', ends_at: 'details',
  schedule: 'details', activation_required: 'details',
  earning: 'earning', expiry: 'earning', communication: 'earning',
  conditions: 'conditions', benefit: 'benefit',
  scope: 'scope', audience: 'scope', limits: 'scope', currency: 'scope',
  custom_fields: 'more', message: 'more', suggest: 'more', suggestion_message: 'more',
  stacking: 'stacking', sequence: 'stacking',
};

export function sectionOf(pointer: string): Section {
  return SECTIONS[pointer.split('/')[1] ?? ''] ?? 'json';
}

/** Whether nothing is filled in at this pointer yet. */
export function isBlankAt(draft: Draft, pointer: string): boolean {
  let value: unknown = draft;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return true;
    value = (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
