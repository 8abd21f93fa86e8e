/** The navigation, in its order: one list. A page without an entry is reached from other pages. */
import type { Role } from './api/session';
import { frame } from './texts/frame';
import { pages } from './texts/pages';

export interface Entry {
  path: string;
  label: string;
  roles: readonly Role[];
}

export interface Group {
  label: string;
  entries: readonly Entry[];
}

const TENANT: readonly Role[] = ['admin', 'viewer'];
const EVERYBODY: readonly Role[] = ['admin', 'viewer', 'operator'];

export const NAVIGATION: readonly Group[] = [
  { label: frame.groups.work, entries: [{ path: '/promotions', label: pages.promotions, roles: TENANT }] },
  { label: frame.groups.look, entries: [
    { path: '/try', label: pages.tryCart, roles: ['admin'] },
    { path: '/desk', label: pages.desk, roles: TENANT },
  ] },
  { label: frame.groups.service, entries: [{ path: '/about', label: pages.about, roles: EVERYBODY }] },
];
