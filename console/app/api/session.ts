/**
 * Who uses the console: the pasted key, and what it may do. The key is kept in `sessionStorage` alone, so it ends with
 * the tab, and is in no address: a fragment that signs in is removed before anything else happens.
 */
import { useSyncExternalStore } from 'react';

/** What the console offers to a key. Tills and issuers have no use for it. */
export type Role = 'admin' | 'viewer' | 'operator';

export interface Session {
  readonly key: string;
  readonly role: Role;
  /** The tenant's id; null for the operator. */
  readonly tenant: string | null;
}

/**
 * Why the last session ended, to be said at the sign-in. After `refused` the pages stay as they are behind it, so that
 * nothing is lost of what was entered.
 */
export type Farewell = 'signed_out' | 'refused' | null;

const STORE = 'promotion-engine.session';

let session: Session | null = read();
let farewell: Farewell = null;
const listeners = new Set<() => void>();

function isRole(value: unknown): value is Role {
  return value === 'admin' || value === 'viewer' || value === 'operator';
}

function read(): Session | null {
  const text = sessionStorage.getItem(STORE);
  if (text === null) return null;
  try {
    const stored: unknown = JSON.parse(text);
    if (typeof stored !== 'object' || stored === null || !('key' in stored) || !('role' in stored)) return null;
    const tenant = 'tenant' in stored && typeof stored.tenant === 'string' ? stored.tenant : null;
    return typeof stored.key === 'string' && isRole(stored.role) ? { key: stored.key, role: stored.role, tenant } : null;
  } catch {
    return null;
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** The session whose key still counts. */
export function currentSession(): Session | null {
  return farewell === 'refused' ? null : session;
}

export function begin(started: Session): void {
  if (session?.tenant !== started.tenant) sessionStorage.clear();
  session = started;
  farewell = null;
  sessionStorage.setItem(STORE, JSON.stringify(started));
  tell();
}

/** Forgets everything that this tab knows. */
export function signOut(): void {
  session = null;
  farewell = 'signed_out';
  sessionStorage.clear();
  tell();
}

/** The service refused a key: it was revoked while it was in use. */
export function keyWasRefused(key: string | null): void {
  if (key === null || currentSession()?.key !== key) return;
  farewell = 'refused';
  sessionStorage.removeItem(STORE);
  tell();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The session whose pages are open. Its key may have been refused. */
export function useSession(): Session | null {
  return useSyncExternalStore(listen, () => session);
}

export function useFarewell(): Farewell {
  return useSyncExternalStore(listen, () => farewell);
}

/** The key of `#key=…`, which is removed from the address at once. A fragment is never sent to a server. */
export function takeKeyFromAddress(): string | null {
  const fragment = new URLSearchParams(location.hash.replace(/^#/, ''));
  const key = fragment.get('key');
  if (key === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return key.trim() === '' ? null : key.trim();
}

/** Whether the key may change things. A viewer's may not, and is offered nothing that does. */
export function useCanWrite(): boolean {
  return useSession()?.role !== 'viewer';
}
