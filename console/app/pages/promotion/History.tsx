/** How the promotion became what it is: its versions, and two of them compared. */
import { Group, NativeSelect, Stack, Text, Timeline } from '@mantine/core';
import { useState } from 'react';

import type { PromotionVersion } from '../../api/schema';
import { Difference } from '../../parts/Difference';
import { useKeyNames } from '../../parts/keys';
import { Paged } from '../../parts/paged';
import { useOwnTenant } from '../../parts/tenant';
import { historyTexts as texts } from '../../texts/promotion';
import { statusWords } from '../../texts/words';
import { showTime } from '../../time/zone';
import { useHistory } from './data';

export function History({ id }: { id: string }) {
  return (
    <Paged query={useHistory(id)} empty={<Text size="sm">{texts.none}</Text>}>
      {(versions) => <Versions versions={versions.toSorted((a, b) => b.version - a.version)} />}
    </Paged>
  );
}

function documentOf(version: PromotionVersion | undefined): unknown {
  return version === undefined ? null : { status: version.status, ...version.promotion };
}

function Versions({ versions }: { versions: readonly PromotionVersion[] }) {
  const { zone } = useOwnTenant();
  const who = useKeyNames();
  const latest = versions[0]?.version ?? 0;
  const [newer, setNewer] = useState<number | null>(null);
  const [older, setOlder] = useState<number | null>(null);
  const to = newer ?? latest;
  const from = older ?? versions.find((own) => own.version < to)?.version ?? to;
  const find = (version: number) => versions.find((own) => own.version === version);
  const choices = versions.map((own) => ({ value: String(own.version), label: `${texts.version(own.version)}, ${showTime(own.at, zone)}` }));
  const differing = from !== to;
  return (
    <Stack gap="lg">
      {versions.length > 1 && (
        <Stack gap="xs" component="section" aria-label={texts.difference}>
          <Group gap="xs" align="end">
            <NativeSelect label={texts.compare} data={choices} value={String(from)} onChange={(event) => setOlder(Number(event.currentTarget.value))} />
            <NativeSelect label={texts.with} data={choices} value={String(to)} onChange={(event) => setNewer(Number(event.currentTarget.value))} />
          </Group>
          {differing && <Difference before={documentOf(find(from))} after={documentOf(find(to))} label={texts.difference} />}
        </Stack>
      )}
      <Timeline bulletSize={14} lineWidth={2}>
        {versions.map((own, place) => {
          const before = versions[place + 1];
          return (
            <Timeline.Item key={own.version} title={texts.version(own.version)}>
              <Text size="sm" c="dimmed">{showTime(own.at, zone, 'weekday')} {texts.by(who(own.key_id))} · {statusWords[own.status]}</Text>
              {before === undefined ? (own.version === 1 && <Text size="sm">{texts.first}</Text>) : (
                <Difference before={documentOf(before)} after={documentOf(own)} label={texts.version(own.version)} />
              )}
            </Timeline.Item>
          );
        })}
      </Timeline>
    </Stack>
  );
}
