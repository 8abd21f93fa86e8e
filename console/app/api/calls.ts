/** Calls that several pages make, or that take more than one line. */
import { api, call } from './client';
import { asProblem } from './problem';
import type {
  Backtest, BacktestInput, BacktestPage, CodeBatchPage, CodeFound, LifecycleStatus, MilestoneProgressPage, OfferPage, PromotionPage, paths, StatusVerdict,
  VocabularyField, VocabularySource,
} from './schema';

export type PromotionQuery = NonNullable<paths['/v1/promotions']['get']['parameters']['query']>;

/** A page from a cursor on. */
function page(limit: number, cursor: string | null | undefined): { limit: number; cursor?: string } {
  return { limit, ...(cursor != null && { cursor }) };
}

export function listPromotions(query: PromotionQuery, cursor: string | null, limit = 100): Promise<PromotionPage> {
  return call(api.GET('/v1/promotions', { params: { query: { ...query, ...page(limit, cursor) } } }));
}

/** Moves many promotions, each by itself. */
export async function moveMany(ids: readonly string[], status: LifecycleStatus): Promise<StatusVerdict[]> {
  if (status === 'draft') throw new Error('nothing becomes a draft again');
  return (await call(api.POST('/v1/promotions/status', { body: { ids: [...ids], status } }))).verdicts;
}

/** Null: there is no such code. */
export async function findCode(code: string): Promise<CodeFound | null> {
  try {
    return await call(api.GET('/v1/codes/{code}', { params: { path: { code } } }));
  } catch (error) {
    if (asProblem(error).status === 404) return null;
    throw error;
  }
}

export function listBatches(id: string, cursor: string | undefined): Promise<CodeBatchPage> {
  return call(api.GET('/v1/promotions/{id}/batches', { params: { path: { id }, query: page(50, cursor) } }));
}

export function listOffers(customer: string, place: { store?: string; channel?: string }, cursor: string | undefined): Promise<OfferPage> {
  return call(api.GET('/v1/customers/{id}/promotions', { params: { path: { id: customer }, query: { ...place, ...page(50, cursor) } } }));
}

export function listProgress(customer: string): Promise<MilestoneProgressPage> {
  return call(api.GET('/v1/customers/{id}/milestones', { params: { path: { id: customer }, query: page(100, null) } }));
}

/** A field of the vocabulary, with how many names it has. */
export interface VocabularyFieldCount {
  field: VocabularyField;
  values: number;
}

/** The document of the API has one entry for both lists; without a field, fields are counted. */
export async function listFields(): Promise<VocabularyFieldCount[]> {
  const { items } = await call(api.GET('/v1/vocabulary', { params: { query: page(100, null) } }));
  return items.flatMap(({ field, values }) => (field === undefined || values === undefined ? [] : [{ field, values }]));
}

export interface VocabularyWord {
  value: string;
  title: string | null;
  source: VocabularySource | null;
  last_seen: string | null;
}

export async function listWords(
  asked: { field: VocabularyField; key?: string; q?: string }, limit: number, cursor?: string,
): Promise<{ items: VocabularyWord[]; next_cursor: string | null }> {
  const { items, next_cursor } = await call(api.GET('/v1/vocabulary', { params: { query: { ...asked, ...page(limit, cursor) } } }));
  const words = items.flatMap(({ value, title, source, last_seen }) => (
    value === undefined ? [] : [{ value, title: title ?? null, source: source ?? null, last_seen: last_seen ?? null }]
  ));
  return { items: words, next_cursor };
}

export async function forgetWords(field: VocabularyField): Promise<void> {
  await call(api.DELETE('/v1/vocabulary/{field}', { params: { path: { field } } }));
}

export function listBacktests(cursor: string | undefined): Promise<BacktestPage> {
  return call(api.GET('/v1/backtests', { params: { query: page(50, cursor) } }));
}

export function readBacktest(id: string): Promise<Backtest> {
  return call(api.GET('/v1/backtests/{id}', { params: { path: { id } } }));
}

export function makeBacktest(body: BacktestInput): Promise<Backtest> {
  return call(api.POST('/v1/backtests', { body }));
}

/** Cancels one that has not ended, or deletes one that has. */
export async function removeBacktest(id: string): Promise<void> {
  await call(api.DELETE('/v1/backtests/{id}', { params: { path: { id } } }));
}
