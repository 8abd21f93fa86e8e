/**
 * Calls that the contract has and the generated types do not have yet, with hand-written types. When `schema.ts` has
 * them, the callers move to `client.ts`, and this file goes.
 */
import { asProblem, problemOf } from './problem';
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
