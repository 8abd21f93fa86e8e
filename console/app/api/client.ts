/**
 * The one client of the API. Its types are generated from the service's own document. Everything that the console
 * knows and does goes through it, with the key of the session.
 */
import createClient from 'openapi-fetch';
import type { Middleware } from 'openapi-fetch';

import { asProblem, problemOf } from './problem';
import type { paths } from './schema';
import { currentSession, keyWasRefused } from './session';

const withKey: Middleware = {
  onRequest({ request }) {
    if (request.headers.has('authorization')) return request;
    const session = currentSession();
    // Pages that are open behind the sign-in may still ask.
    if (session === null) return new Response(null, { status: 401 });
    request.headers.set('authorization', `Bearer ${session.key}`);
    return request;
  },
  onResponse({ request, response }) {
    if (response.status === 401) keyWasRefused(request.headers.get('authorization')?.replace(/^Bearer /, '') ?? null);
    return response;
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, querySerializer: { array: { style: 'form', explode: false } } });
api.use(withKey);

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a call's answer; a refusal or a missing answer is thrown as an `ApiProblem`. */
export async function call<T>(answered: Promise<Answered<T>>): Promise<T> {
  return (await callWithTag(answered)).data;
}

/** As `call`, with the version that a later `PUT` names in `If-Match`. */
export async function callWithTag<T>(answered: Promise<Answered<T>>): Promise<{ data: T; etag: string | null }> {
  let answer: Answered<T>;
  try {
    answer = await answered;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw asProblem(error);
  }
  if (!answer.response.ok) throw problemOf(answer.response, answer.error);
  return { data: answer.data as T, etag: answer.response.headers.get('etag') };
}
