import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Promotion } from '../../api/schema';
import { findCode } from '../../api/calls';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { codes as texts } from '../../texts/promotion';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';

export function FindCode({ promotion: { id } }: { promotion: Promotion }) {
  const { zone } = useOwnTenant();
  const [typed, setTyped] = useState('');
  const [code, setCode] = useState('');
  const query = useQuery({ queryKey: ['codes', code], queryFn: () => findCode(code), enabled: code !== '' });
  return (
    <Stack gap="xs" maw={460}>
      <form onSubmit={(event) => { event.preventDefault(); setCode(typed.trim()); }}>
        <Group gap="xs" align="end">
          <TextInput label={texts.find} description={texts.findHelp} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          <Button type="submit" variant="default" disabled={typed.trim() === ''}>{shared.find}</Button>
        </Group>
      </form>
      {code !== '' && (
        <Answer query={query} needs="admin">
          {(found) => {
            if (found === null) return <Alert color="blue" role="status">{texts.notFound(code)}</Alert>;
            if (found.promotion.id !== id) {
              return <Alert color="blue" role="status">{texts.ofOther(code, found.promotion.name)} <Link to={`/promotions/${found.promotion.id}?tab=codes`}>→</Link></Alert>;
            }
            return (
              <Alert color="green" role="status" title={found.code}>
                <Text size="sm">{texts.used}: {found.used}</Text>
                <Text size="sm">{texts.customer}: {found.customer_id ?? texts.anybody}</Text>
                <Text size="sm">{texts.expires}: {found.expires_at === null ? texts.withPromotion : showTime(found.expires_at, zone)}</Text>
                {found.batch !== null && <Text size="sm">{texts.batch}: {found.batch}</Text>}
              </Alert>
            );
          }}
        </Answer>
      )}
    </Stack>
  );
}
