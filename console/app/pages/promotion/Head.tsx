import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';

import type { Promotion } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { Ask } from '../../parts/Ask';
import { StateBadge } from '../../parts/StateBadge';
import { useOwnTenant } from '../../parts/tenant';
import { sentence } from '../../sentence/sentence';
import { promotion as texts } from '../../texts/promotion';
import { useMove } from './data';

export function Head({ promotion }: { promotion: Promotion }) {
  const { currency } = useOwnTenant();
  const canWrite = useCanWrite();
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="start">
        <Group gap="sm">
          <Title order={1} size="h2">{promotion.name}</Title>
          <StateBadge state={promotion.state} />
        </Group>
        {canWrite && <Moves promotion={promotion} />}
      </Group>
      <Paper withBorder p="sm" aria-label={texts.sentence} component="section">
        <Text>{sentence(promotion, { currency })}</Text>
      </Paper>
    </Stack>
  );
}

function Moves({ promotion: { id, name, status } }: { promotion: Promotion }) {
  const move = useMove(id);
  const ask = { doing: move, size: 'sm' };
  return (
    <Group gap="xs">
      {(status === 'draft' || status === 'paused') && (
        <Ask {...ask} variant="filled" color="blue" button={status === 'draft' ? texts.activate : texts.resume}
          title={texts.activateTitle(name)} go={texts.activate} onGo={() => move.mutateAsync('active')}>
          <Text size="sm">{texts.activateText}</Text>
        </Ask>
      )}
      {status === 'active' && (
        <Ask {...ask} color="blue" button={texts.pause} title={texts.pauseTitle(name)} go={texts.pause} onGo={() => move.mutateAsync('paused')}>
          <Text size="sm">{texts.pauseText}</Text>
        </Ask>
      )}
      {status !== 'archived' && <Button component={Link} to={`/promotions/${id}/edit`} variant="default">{texts.edit}</Button>}
      <Button component={Link} to={`/promotions/new?from=${id}`} variant="default">{texts.copy}</Button>
      <Button component={Link} to={status === 'draft' ? `/try?with=${id}` : '/try'} variant="default">{texts.tryIt}</Button>
      {status !== 'archived' && (
        <Ask {...ask} button={texts.archive} title={texts.archiveTitle(name)} go={texts.archive} onGo={() => move.mutateAsync('archived')}>
          <Text size="sm">{texts.archiveText}</Text>
        </Ask>
      )}
    </Group>
  );
}
