/** How answers are kept, and the two that every page needs. */
import { QueryClient, useQuery } from '@tanstack/react-query';

import { api, call } from './client';
import { ApiProblem } from './problem';
import { useSession } from './session';
import type { components } from './schema';

export type Settings = components['schemas']['Settings'];

/** Whether a second try can help: the service was busy, or did not answer. */
function passes(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status === 503);
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => passes(error) && failures < 2,
      retryDelay: (failures) => 500 * 2 ** failures,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

export function useSettings() {
  const session = useSession();
  return useQuery({
    queryKey: ['settings'],
    queryFn: () => call(api.GET('/v1/settings')),
    enabled: session !== null && session.role !== 'operator',
  });
}

/** The tenant. */
export function useTenant() {
  const session = useSession();
  return useQuery({
    queryKey: ['tenant'],
    queryFn: () => call(api.GET('/v1/tenant')),
    enabled: session !== null && session.role !== 'operator',
  });
}
