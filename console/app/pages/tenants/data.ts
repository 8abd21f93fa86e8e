import { useMutation } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { TenantPatch } from '../../api/schema';

export function refreshTenants() {
  return queries.invalidateQueries({ queryKey: ['tenants'] });
}

export function useChange(id: string) {
  return useMutation({
    mutationFn: (body: TenantPatch) => call(api.PATCH('/v1/tenants/{id}', { params: { path: { id } }, body })),
    onSettled: refreshTenants,
  });
}
