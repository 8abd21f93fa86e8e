import { Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import type { Tenant } from '../../api/schema';
import { Failed } from '../../parts/states';
import { shared } from '../../texts/shared';
import { tenants as texts } from '../../texts/tenants';
import { useChange } from './data';
import { rateOf } from './rates';
import type { RateForm } from './rates';

const RATES = ['evaluate', 'redeem', 'admin'] as const;
const BOUNDS = { max_active_promotions: texts.promotions, max_stores: texts.stores, max_product_lists: texts.lists, max_product_list_entries: texts.entries } as const;

type Bound = keyof typeof BOUNDS;

export function Bounds({ tenant, close }: { tenant: Tenant; close: () => void }) {
  const change = useChange(tenant.id);
  const [bounds, setBounds] = useState<Record<Bound, number | string>>(tenant);
  const formOf = (name: (typeof RATES)[number]): RateForm => ({ per_second: tenant.rate_limits[name]?.per_second ?? '', burst: tenant.rate_limits[name]?.burst ?? '' });
  const [rates, setRates] = useState({ evaluate: formOf('evaluate'), redeem: formOf('redeem'), admin: formOf('admin') });
  const isHalf = RATES.some((name) => rateOf(rates[name]) === undefined);
  const save = () => change.mutate({
    max_active_promotions: Number(bounds.max_active_promotions), max_stores: Number(bounds.max_stores),
    max_product_lists: Number(bounds.max_product_lists), max_product_list_entries: Number(bounds.max_product_list_entries),
    rate_limits: { evaluate: rateOf(rates.evaluate) ?? null, redeem: rateOf(rates.redeem) ?? null, admin: rateOf(rates.admin) ?? null },
  }, { onSuccess: () => { notifications.show({ message: texts.saved }); close(); } });
  return (
    <form onSubmit={(event) => { event.preventDefault(); save(); }}>
      <Stack>
        {(Object.keys(BOUNDS) as Bound[]).map((name) => (
          <NumberInput key={name} label={BOUNDS[name]} value={bounds[name]} min={0} allowDecimal={false} thousandSeparator="," required onChange={(value) => setBounds({ ...bounds, [name]: value })} />
        ))}
        <div>
          <Text size="sm" fw={600}>{texts.rates}</Text>
          <Text size="xs" c="dimmed">{texts.ratesHelp}</Text>
        </div>
        {RATES.map((name) => (
          <div key={name} role="group" aria-label={texts[name]}>
            <Text size="sm">{texts[name]}</Text>
            <Group grow>
              <NumberInput label={texts.perSecond} value={rates[name].per_second} min={0} allowDecimal={false} onChange={(value) => setRates({ ...rates, [name]: { ...rates[name], per_second: value } })} />
              <NumberInput label={texts.burst} value={rates[name].burst} min={0} allowDecimal={false} onChange={(value) => setRates({ ...rates, [name]: { ...rates[name], burst: value } })} />
            </Group>
            {rateOf(rates[name]) === undefined && <Text size="xs" c="var(--mantine-color-error)" role="alert">{texts.rateHalf}</Text>}
          </div>
        ))}
        {change.isError && <Failed error={change.error} needs="operator" />}
        <Group justify="end"><Button variant="default" onClick={close}>{shared.cancel}</Button><Button type="submit" loading={change.isPending} disabled={isHalf}>{shared.save}</Button></Group>
      </Stack>
    </form>
  );
}
