/**
 * The pages: one list. Each is a folder of `pages/` whose `index.tsx` exports its component as default, and is loaded
 * when it is opened first. `tab` is the title of the browser's tab.
 */
import type { ComponentType } from 'react';
import { createBrowserRouter, Navigate } from 'react-router';

import type { Role } from './api/session';
import { Home, PageFailed, Root, Titled } from './frame/Root';
import { Loading } from './parts/states';
import { pages } from './texts/pages';

interface Page {
  path: string;
  tab: string;
  /** The role that is needed, for whoever comes without it: a viewer's pages are an admin's too. */
  needs?: Role;
  load: () => Promise<{ default: ComponentType }>;
}

const PAGES: readonly Page[] = [
  { path: 'promotions', tab: pages.promotions, load: () => import('./pages/promotions') },
  { path: 'promotions/:id', tab: pages.promotion, load: () => import('./pages/promotion') },
  { path: 'try', tab: pages.tryCart, needs: 'admin', load: () => import('./pages/try') },
  { path: 'promotions/new', tab: pages.newPromotion, needs: 'admin', load: () => import('./pages/editor') },
  { path: 'promotions/:id/edit', tab: pages.editPromotion, needs: 'admin', load: () => import('./pages/editor') },
  { path: 'desk', tab: pages.desk, load: () => import('./pages/desk') },
  { path: 'setup/settings', tab: pages.settings, load: () => import('./pages/setup/settings') },
  { path: 'setup/stores', tab: pages.stores, load: () => import('./pages/setup/Stores') },
  { path: 'setup/lists', tab: pages.lists, load: () => import('./pages/setup/Lists') },
  { path: 'setup/milestones', tab: pages.milestones, load: () => import('./pages/setup/Milestones') },
  { path: 'setup/webhooks', tab: pages.webhooks, load: () => import('./pages/setup/Webhooks') },
  { path: 'setup/keys', tab: pages.keys, load: () => import('./pages/setup/Keys') },
  { path: 'setup/vocabulary', tab: pages.vocabulary, load: () => import('./pages/setup/Vocabulary') },
  { path: 'setup/audit', tab: pages.audit, load: () => import('./pages/setup/Audit') },
  { path: 'tenants', tab: pages.tenants, needs: 'operator', load: () => import('./pages/tenants') },
  { path: 'reports', tab: pages.reports, load: () => import('./pages/reports') },
  { path: 'backtests', tab: pages.backtests, load: () => import('./pages/backtests') },
  { path: 'backtests/:id', tab: pages.backtests, load: () => import('./pages/backtests/One') },
  { path: 'about', tab: pages.about, load: () => import('./pages/about') },
];

export function makeRouter() {
  return createBrowserRouter(
    [
      {
        path: '/',
        Component: Root,
        ErrorBoundary: PageFailed,
        HydrateFallback: Loading,
        children: [
          { index: true, Component: Home },
          ...PAGES.map((page) => ({
            path: page.path,
            ErrorBoundary: PageFailed,
            lazy: async () => {
              const { default: Content } = await page.load();
              return { Component: () => <Titled tab={page.tab} needs={page.needs}><Content /></Titled> };
            },
          })),
          { path: '*', element: <Navigate to="/" replace /> },
        ],
      },
    ],
    { basename: '/console' },
  );
}
