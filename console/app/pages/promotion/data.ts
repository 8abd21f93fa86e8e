/** What the page of one promotion reads and changes. */
import { useMutation, useQuery } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { Promotion } from '../../api/schema';
import { after, usePaged } from '../../parts/paged';

export function usePromotion(id: string) {
  return useQuery({
    queryKey: ['promotions', id],
    queryFn: () => call(api.GET('/v1/promotions/{id}', { params: { path: { id } } })),
  });
}

export function useMove(id: string) {
  return useMutation({
    mutationFn: (status: 'active' | 'paused' | 'archived') =>
      call(api.POST('/v1/promotions/{id}/status', { params: { path: { id } }, body: { status } })),
    onSuccess: (promotion: Promotion) => queries.setQueryData(['promotions', id], promotion),
    onSettled: () => queries.invalidateQueries({ queryKey: ['promotions'] }),
  });
}

export function useFindings(id: string) {
  return useQuery({
    queryKey: ['promotions', id, 'findings'],
    queryFn: () => call(api.GET('/v1/promotions/{id}/findings', { params: { path: { id } } })),
  });
}

export function useHistory(id: string) {
  return usePaged(['promotions', id, 'history'], (cursor) =>
    call(api.GET('/v1/promotions/{id}/history', { params: { path: { id }, query: after(cursor, 200) } })));
}
