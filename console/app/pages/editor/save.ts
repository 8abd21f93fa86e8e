/** Saving: a new promotion, or a newer version of one. */
import { useMutation } from '@tanstack/react-query';

import { api, callWithTag } from '../../api/client';
import { queries } from '../../api/queries';
import type { Promotion } from '../../api/schema';
import { replacementOf } from './draft';
import type { Draft } from './draft';
import type { Stored } from './preview/data';

export interface Saved {
  data: Promotion;
  etag: string | null;
}

export function useSave(stored: Stored | null) {
  return useMutation({
    mutationFn: ({ draft, activate }: { draft: Draft; activate: boolean }): Promise<Saved> => {
      const status = activate ? { status: 'active' as const } : {};
      if (stored === null) return callWithTag(api.POST('/v1/promotions', { body: { ...draft, ...status } }));
      const params = { path: { id: stored.id }, header: { 'if-match': stored.etag } };
      return callWithTag(api.PUT('/v1/promotions/{id}', { params, body: { ...replacementOf(draft), ...status } }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['promotions'] }),
  });
}
