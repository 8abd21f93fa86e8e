/** Gives a webhook another secret, and shows it once. */
import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { Secret } from '../../parts/Secret';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { states } from '../../texts/frame';
import { webhooks as texts } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';

export function RotateSecret({ name, close, refresh }: { name: string; close: () => void; refresh: () => Promise<void> }) {
  const { zone } = useOwnTenant();
  const [hours, setHours] = useState('24');
  const rotate = useMutation({
    mutationFn: () => call(api.POST('/v1/webhooks/{name}/secret', { params: { path: { name } }, body: { keep_hours: Number(hours) } })),
    onSettled: refresh,
  });
  if (rotate.isSuccess) {
    const { secret, former_secret_until: until } = rotate.data;
    return (
      <Stack>
        <Secret explain={texts.secret} secret={secret ?? ''} copy={states.copy} />
        <Text size="sm">{until === null ? texts.formerEnded : texts.formerUntil(showTime(until, zone))}</Text>
      </Stack>
    );
  }
  return (
    <form onSubmit={(event) => { event.preventDefault(); rotate.mutate(); }}>
      <Stack>
        <Text size="sm">{texts.rotateText}</Text>
        <NativeSelect label={texts.keep} value={hours} data={texts.keepFor} onChange={(event) => setHours(event.currentTarget.value)} data-autofocus />
        {rotate.isError && <Failed error={rotate.error} />}
        <Group justify="end"><Button variant="default" onClick={close}>{shared.cancel}</Button><Button type="submit" loading={rotate.isPending}>{texts.rotate}</Button></Group>
      </Stack>
    </form>
  );
}
