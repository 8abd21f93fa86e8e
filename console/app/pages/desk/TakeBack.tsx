/** Takes goods back. The service says how much is to be refunded. */
import { Alert, Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { RedemptionFull } from '../../api/schema';
import { money, readDecimal } from '../../money/money';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { deskSale as texts } from '../../texts/desk';
import { leftOf } from './left';

export function TakeBack({ sale }: { sale: RedemptionFull }) {
  const { currency } = useOwnTenant();
  const [id, setId] = useState(`R-${(sale.returns?.length ?? 0) + 1}`);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const lines = Object.entries(typed).flatMap(([line, text]) => {
    const quantity = readDecimal(text);
    return quantity === null ? [] : [{ id: line, quantity }];
  });
  const take = useMutation({
    mutationFn: () => call(api.POST('/v1/redemptions/{id}/returns', {
      params: { path: { id: sale.id ?? `tx:${sale.transaction_id}` } }, body: { return_id: id.trim(), lines },
    })),
    onSuccess: () => { setTyped({}); setId(`R-${(sale.returns?.length ?? 0) + 2}`); },
    onSettled: () => queries.invalidateQueries({ queryKey: ['redemptions'] }),
  });
  return (
    <form aria-label={texts.goods} onSubmit={(event) => { event.preventDefault(); take.mutate(); }}>
      <Stack gap="xs" mt="sm">
        {leftOf(sale).map((own) => (
          <TextInput key={own.id} size="xs" label={texts.goodsOf(own.title, own.quantity)} inputMode="decimal" value={typed[own.id] ?? ''}
            onChange={(event) => setTyped({ ...typed, [own.id]: event.currentTarget.value })} />
        ))}
        <TextInput size="xs" label={texts.goodsId} value={id} onChange={(event) => setId(event.currentTarget.value)} />
        <Group><Button type="submit" size="xs" variant="default" loading={take.isPending} disabled={lines.length === 0 || id.trim() === ''}>{texts.goGoods}</Button></Group>
        {take.isError && <Failed error={take.error} />}
        {take.isSuccess && <Alert color="green" role="status">{texts.refund(money(take.data.refund, sale.result?.currency ?? currency))}</Alert>}
      </Stack>
    </form>
  );
}
