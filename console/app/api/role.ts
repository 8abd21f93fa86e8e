/**
 * Which role a key has. The API has no call that says it, so the console tries what only some roles may do; none of
 * the calls writes anything. Keys are checked before bodies: an empty draft is refused to a viewer by role (403), and
 * to an admin by its faults (422).
 */
import { api, call } from './client';
import { ApiProblem, asProblem, problemOf } from './problem';
import type { Role, Session } from './session';

/** The key is known, and has no use for the console: a till's or an issuer's. */
export class WrongRole extends Error {}

async function status(method: string, path: string, key: string): Promise<number> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (method === 'POST') headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: method === 'POST' ? '{}' : null });
  } catch (error) {
    throw asProblem(error);
  }
  if (response.status === 403 || response.status === 422 || response.ok) {
    const body: unknown = await response.json().catch(() => null);
    const problem = problemOf(response, body);
    if (problem.code === 'tenant_suspended') throw problem;
    return response.status;
  }
  throw problemOf(response, await response.json().catch(() => null));
}

/** Finds whose key it is, or throws why it cannot be used. */
export async function sessionOf(key: string): Promise<Session> {
  const role = await roleOf(key);
  if (role === 'operator') return { key, role, tenant: null };
  const { id } = await call(api.GET('/v1/tenant', { headers: { authorization: `Bearer ${key}` } }));
  return { key, role, tenant: id };
}

async function roleOf(key: string): Promise<Role> {
  // A header holds no other characters; the browser would refuse to send it.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new ApiProblem(401, 'unauthorized', '', null);
  if ((await status('POST', '/v1/promotions?dry_run=true', key)) !== 403) return 'admin';
  if ((await status('GET', '/v1/settings', key)) !== 403) return 'viewer';
  if ((await status('GET', '/v1/tenants?limit=1', key)) !== 403) return 'operator';
  throw new WrongRole();
}
