/** Calls that several pages make, or that need more than one line. */
import { api, call } from './client';
import { asProblem } from './problem';
import type { CodeFound, LifecycleStatus, PromotionPage, paths, StatusVerdict } from './schema';

export type PromotionQuery = NonNullable<paths['/v1/promotions']['get']['parameters']['query']>;

/** A page of promotions, with the filters of the contract. */
export function listPromotions(query: PromotionQuery, cursor: string | null, limit = 100): Promise<PromotionPage> {
  return call(api.GET('/v1/promotions', { params: { query: { ...query, limit, ...(cursor !== null && { cursor }) } } }));
}

/** Moves many promotions, each by itself. */
export async function moveMany(ids: readonly string[], status: LifecycleStatus): Promise<StatusVerdict[]> {
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
