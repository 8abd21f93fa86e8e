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
    { path: '/backtests', label: pages.backtests, roles: TENANT },
    { path: '/desk', label: pages.desk, roles: TENANT },
    { path: '/reports', label: pages.reports, roles: TENANT },
  ] },
  { label: frame.groups.setUp, entries: [
    { path: '/setup/settings', label: pages.settings, roles: TENANT },
    { path: '/setup/stores', label: pages.stores, roles: TENANT },
    { path: '/setup/lists', label: pages.lists, roles: TENANT },
    { path: '/setup/milestones', label: pages.milestones, roles: TENANT },
    { path: '/setup/webhooks', label: pages.webhooks, roles: TENANT },
    { path: '/setup/keys', label: pages.keys, roles: TENANT },
    { path: '/setup/vocabulary', label: pages.vocabulary, roles: TENANT },
    { path: '/setup/audit', label: pages.audit, roles: TENANT },
  ] },
  { label: frame.groups.service, entries: [{ path: '/tenants', label: pages.tenants, roles: ['operator'] }, { path: '/about', label: pages.about, roles: EVERYBODY }] },
];
