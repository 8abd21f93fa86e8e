/** Promotions as bars over weeks or months, by campaign, so that overlaps are seen. */
import { Box, Button, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Promotion } from '../../api/schema';
import { stateColor } from '../../parts/StateBadge';
import { useOwnTenant } from '../../parts/tenant';
import { calendarTexts as texts } from '../../texts/promotions';
import { stateWords } from '../../texts/words';
import { showTime, Temporal } from '../../time/zone';
import { lanes, span, stepsOf } from './spans';
import type { Scale } from './spans';

export function Calendar({ items }: { items: readonly Promotion[] }) {
  const { zone } = useOwnTenant();
  const [scale, setScale] = useState<Scale>('weeks');
  const [shift, setShift] = useState(0);
  const [now] = useState(() => Temporal.Now.zonedDateTimeISO(zone));
  const steps = stepsOf(now, scale, shift);
  const [begin, end] = [steps[0], steps.at(-1)];
  if (begin === undefined || end === undefined) return null;
  const period = { from: begin.start.epochMilliseconds, to: end.end.epochMilliseconds };
  const groups = lanes(items, period, texts.noCampaign);
  const today = span(period, now.epochMilliseconds, now.epochMilliseconds);
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <SegmentedControl size="xs" aria-label={texts.scale} value={scale}
          onChange={(value) => { setScale(value === 'months' ? 'months' : 'weeks'); setShift(0); }}
          data={[{ value: 'weeks', label: texts.weeks }, { value: 'months', label: texts.months }]} />
        <Button size="xs" variant="default" onClick={() => setShift(shift - 1)}>← {texts.earlier}</Button>
        <Button size="xs" variant="default" onClick={() => setShift(0)} disabled={shift === 0}>{texts.today}</Button>
        <Button size="xs" variant="default" onClick={() => setShift(shift + 1)}>{texts.later} →</Button>
      </Group>
      <Paper withBorder style={{ overflowX: 'auto' }}>
        <Box miw={640} pos="relative">
          <Box pos="relative" h={28} style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
            {steps.map((step) => {
              const { left, width } = span(period, step.start.epochMilliseconds, step.end.epochMilliseconds);
              return (
                <Text key={step.start.toString()} size="xs" c="dimmed" pos="absolute" left={`${left}%`} w={`${width}%`} px={6} pt={6} truncate
                  style={{ borderInlineStart: '1px solid var(--mantine-color-default-border)' }}>
                  {showTime(step.start.toInstant().toString(), zone, scale === 'weeks' ? 'day' : 'month')}
                </Text>
              );
            })}
          </Box>
          {shift === 0 && <Box pos="absolute" top={28} bottom={0} left={`${today.left}%`} w={2} bg="red" aria-hidden style={{ zIndex: 1, pointerEvents: 'none', opacity: 0.5 }} />}
          {groups.length === 0 && <Text p="md" c="dimmed">{texts.empty}</Text>}
          {groups.map((group) => (
            <Box key={group.campaign} role="list" aria-label={group.campaign} pb={6} style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
              <Text size="xs" fw={600} px={6} pt={4}>{group.campaign}</Text>
              {group.lanes.map((lane) => (
                <Box key={lane[0]?.id} pos="relative" h={26}>
                  {lane.map((item) => <Bar key={item.id} item={item} period={period} zone={zone} />)}
                </Box>
              ))}
            </Box>
          ))}
        </Box>
      </Paper>
    </Stack>
  );
}

function Bar({ item, period, zone }: { item: Promotion; period: { from: number; to: number }; zone: string }) {
  const { left, width } = span(period, Date.parse(item.starts_at), Date.parse(item.ends_at));
  const words = texts.bar(item.name, stateWords[item.state], showTime(item.starts_at, zone), showTime(item.ends_at, zone));
  const color = stateColor(item.state);
  return (
    <Box role="listitem" pos="absolute" top={2} left={`${left}%`} w={`max(${width}%, 6px)`}>
      <Text
        component={Link} to={`/promotions/${item.id}`} title={words} aria-label={words} size="xs" px={6} display="block" truncate h={22} lh="22px"
        style={{
          borderRadius: 4,
          color: 'var(--mantine-color-text)',
          borderInlineStart: `4px solid var(--mantine-color-${color}-filled)`,
          background: `light-dark(var(--mantine-color-${color}-1), color-mix(in srgb, var(--mantine-color-${color}-9) 60%, black))`,
        }}
      >
        {item.name}
      </Text>
    </Box>
  );
}
