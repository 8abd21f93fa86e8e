/** Pricing a cart, and reading one that was sold. */
import { useMutation } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import type { CartRequestInput, Evaluation } from '../../api/schema';
import { baseOf } from './comparison';

export interface Run {
  request: CartRequestInput;
  result: Evaluation;
  /** The same under the tenant's own settings, or else without the changes, where there are any. */
  base: Evaluation | null;
}

function price(body: CartRequestInput): Promise<Evaluation> {
  return call(api.POST('/v1/evaluate-cart', { body }));
}

export function usePrice() {
  return useMutation({
    mutationFn: async (request: CartRequestInput): Promise<Run> => {
      const compared = baseOf(request);
      const [result, base] = await Promise.all([price(request), compared === null ? null : price(compared)]);
      return { request, result, base };
    },
  });
}

export function useRecorded() {
  return useMutation({
    mutationFn: (transaction: string) =>
      call(api.GET('/v1/redemptions/{id}', { params: { path: { id: `tx:${transaction}` } } })),
  });
}
