/**
 * Calls that the contract has and the generated types do not have yet, with hand-written types. When `schema.ts` has
 * them, the callers move to `client.ts`, and this file goes.
 */
import { ApiProblem, asProblem, problemOf } from './problem';
import type { CartRequestInput, LifecycleStatus, MilestoneMeasure, Offer, PromotionPage, PromotionState, PromotionTerms, SettingsInput, Usage } from './schema';
import { currentSession } from './session';

export interface OwnTenant {
  name: string;
  currency: string;
  timezone: string;
  max_active_promotions: number;
  active_promotions: number;
}

/** The answer of a call, or null where the service does not have it. */
export async function upcoming<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T | null> {
  const headers: Record<string, string> = { authorization: `Bearer ${currentSession()?.key ?? ''}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch (error) {
    throw asProblem(error);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.status === 404 || response.status === 405) return null;
  if (!response.ok) throw problemOf(response, answer);
  return answer as T;
}

export interface PromotionQuery {
  state?: string;
  type?: string;
  campaign?: string;
  q?: string;
  code?: string;
  store?: string;
  ends_after?: string;
  ends_before?: string;
  exhausted?: string;
  sort?: string;
}

export type CountedPage = PromotionPage & { total?: number };

/** A page of promotions, with the filters of the contract. */
export async function listPromotions(query: PromotionQuery, cursor: string | null, limit = 100): Promise<CountedPage> {
  const parameters = new URLSearchParams({ ...query, limit: String(limit), ...(cursor !== null && { cursor }) });
  const page = await upcoming<CountedPage>('GET', `/v1/promotions?${parameters.toString()}`);
  if (page === null) throw new ApiProblem(404, 'not_found', '', null);
  return page;
}

export interface Verdict {
  id: string;
  status?: LifecycleStatus;
  code?: string;
}

/** Moves many promotions, each by itself. */
export async function moveMany(ids: readonly string[], status: LifecycleStatus): Promise<Verdict[]> {
  const answer = await upcoming<{ verdicts: Verdict[] }>('POST', '/v1/promotions/status', { ids, status });
  if (answer === null) throw new ApiProblem(404, 'not_found', '', null);
  return answer.verdicts;
}

export interface VocabularyPage {
  items: { value: string; title: string | null }[];
  next_cursor: string | null;
}

/** The limits of one subject, and what is left of each. */
export type LimitsLeft = Partial<Record<keyof Usage, { left: string | number | null; max: string | number }>>;

/** A code that was looked up by itself. */
export interface CodeFound {
  code: string;
  promotion: { id: string; name: string; state: PromotionState };
  batch: string | null;
  expires_at: string | null;
  customer_id: string | null;
  used: number;
  limits: LimitsLeft;
  created_at: string;
}

/** Null: there is no such code. */
export function findCode(code: string): Promise<CodeFound | null> {
  return upcoming<CodeFound>('GET', `/v1/codes/${encodeURIComponent(code)}`);
}

export interface Batch {
  batch: string | null;
  codes: number;
  used: number;
  created_at: string;
}

export async function listBatches(promotion: string, cursor: string | undefined): Promise<{ items: Batch[]; next_cursor: string | null }> {
  const query = new URLSearchParams({ limit: '50', ...(cursor !== undefined && { cursor }) });
  const page = await upcoming<{ items: Batch[]; next_cursor: string | null }>('GET', `/v1/promotions/${promotion}/batches?${query.toString()}`);
  return page ?? { items: [], next_cursor: null };
}

/** Terms of a promotion. */
export interface UpcomingTerms {
  suggestion_message?: string | null;
}

/** What the answers of a priced cart have beside the generated types. */
export interface ExplainedOutcome {
  explanation?: string;
}

export interface ExplainedSuggestion extends ExplainedOutcome {
  promotion_id: string;
  name: string;
  kind?: string;
  shortfall?: string | null;
  gain?: string | null;
  message: string;
}

/** A promotion that a customer has. What an older service does not tell is absent. */
export type CustomerOffer = Offer & {
  description?: string;
  suggestion_message?: string;
  campaign?: string | null;
  benefit?: PromotionTerms['benefit'];
  schedule?: PromotionTerms['schedule'];
  status?: 'usable' | 'claimable' | 'later';
  opens_at?: string | null;
  codes?: string[];
};

interface Paged<T> {
  items: T[];
  next_cursor: string | null;
}

export async function listOffers(customer: string, place: { store?: string; channel?: string }, cursor: string | undefined): Promise<Paged<CustomerOffer>> {
  const query = new URLSearchParams({ ...place, limit: '50', ...(cursor !== undefined && { cursor }) });
  const page = await upcoming<Paged<CustomerOffer>>('GET', `/v1/customers/${encodeURIComponent(customer)}/promotions?${query.toString()}`);
  return page ?? { items: [], next_cursor: null };
}

export interface MilestoneProgress {
  name: string;
  measure: MilestoneMeasure;
  progress: string;
  window_ends_at: string | null;
  targets: { name: string; value: string; unlocked: boolean }[];
}

/** Null from a service that does not tell progress. */
export function listProgress(customer: string): Promise<Paged<MilestoneProgress> | null> {
  return upcoming<Paged<MilestoneProgress>>('GET', `/v1/customers/${encodeURIComponent(customer)}/milestones?limit=100`);
}

/** A field of the vocabulary, with how many names it has. */
export interface VocabularyFieldCount {
  field: string;
  values: number;
}

export interface VocabularyWord {
  value: string;
  title: string | null;
  source: 'stores' | 'promotions' | 'redemptions' | 'import';
  last_seen: string | null;
}

/** Null from a service that keeps none. */
export function listFields(): Promise<{ items: VocabularyFieldCount[] } | null> {
  return upcoming<{ items: VocabularyFieldCount[] }>('GET', '/v1/vocabulary');
}

export async function listWords(field: string, q: string, cursor: string | undefined): Promise<Paged<VocabularyWord>> {
  const query = new URLSearchParams({ field, limit: '50', ...(q !== '' && { q }), ...(cursor !== undefined && { cursor }) });
  return await upcoming<Paged<VocabularyWord>>('GET', `/v1/vocabulary?${query.toString()}`) ?? { items: [], next_cursor: null };
}

export async function forgetWords(field: string): Promise<void> {
  await upcoming('DELETE', `/v1/vocabulary/${encodeURIComponent(field)}`);
}

export interface BacktestSums {
  discount: string;
  points: string;
  carts: number;
}

export type BacktestGiven = BacktestSums & { times: number };

/** What past redemptions would have come to under today's rules, and under these with changes. */
export interface BacktestResult {
  redemptions: number;
  sampled_every: number;
  gross: string;
  recorded: { discount: string; carts: number };
  baseline: BacktestSums;
  changed: BacktestSums;
  better: number;
  worse: number;
  same: number;
  promotions: { promotion_id: string; name: string; baseline: BacktestGiven; changed: BacktestGiven }[];
  days: { from: string; baseline: BacktestSums; changed: BacktestSums }[];
  examples: { transaction_id: string; baseline: string; changed: string }[];
}

export type BacktestState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Backtest {
  id: string;
  name: string;
  state: BacktestState;
  progress: { done: number; total: number };
  created_at: string;
  finished_at: string | null;
  failure?: string;
  result?: BacktestResult | null;
}

export interface BacktestInput {
  name: string;
  from: string;
  to: string;
  with: NonNullable<CartRequestInput['with']>;
  without: string[];
  settings: Partial<SettingsInput> | null;
  max_redemptions?: number;
}

/** Null from a service without backtests. */
export function listBacktests(cursor: string | undefined): Promise<Paged<Backtest> | null> {
  const query = new URLSearchParams({ limit: '50', ...(cursor !== undefined && { cursor }) });
  return upcoming<Paged<Backtest>>('GET', `/v1/backtests?${query.toString()}`);
}

export async function readBacktest(id: string): Promise<Backtest> {
  const found = await upcoming<Backtest>('GET', `/v1/backtests/${encodeURIComponent(id)}`);
  if (found === null) throw new ApiProblem(404, 'not_found', '', null);
  return found;
}

export async function makeBacktest(input: BacktestInput): Promise<Backtest> {
  const made = await upcoming<Backtest>('POST', '/v1/backtests', input);
  if (made === null) throw new ApiProblem(404, 'not_found', '', null);
  return made;
}

/** Cancels one that has not ended, or deletes one that has. */
export async function removeBacktest(id: string): Promise<void> {
  await upcoming('DELETE', `/v1/backtests/${encodeURIComponent(id)}`);
}
