import { Group, Progress, Text } from '@mantine/core';

import type { Usage } from '../api/schema';
import { money, number, share } from '../money/money';
import { limitBars } from '../texts/parts';
import { limitWords } from '../texts/words';
import type { LimitName } from '../texts/words';
import { showTime } from '../time/zone';
import { useOwnTenant } from './tenant';

type Count = NonNullable<Usage[LimitName]>;

export interface Limit {
  name: LimitName;
  count: Count;
}

const NAMES = Object.keys(limitWords) as LimitName[];

/** The limits of a promotion, in their usual order. */
export function limitsOf(usage: Usage): Limit[] {
  return NAMES.flatMap((name) => {
    const count = usage[name];
    return count === undefined ? [] : [{ name, count }];
  });
}

/** How much of a limit is used, held and left: a bar and, in words, its numbers. */
export function LimitBar({ limit: { name, count }, compact = false }: { limit: Limit; compact?: boolean }) {
  const { currency, zone } = useOwnTenant();
  const show = (value: string | number | null): string => {
    if (value === null) return '–';
    return name.endsWith('.discount') ? money(String(value), currency) : number(value);
  };
  const used = share(String(count.used ?? 0), String(count.max));
  const held = share(String(count.held ?? 0), String(count.max));
  const words = limitBars.words(limitWords[name], show(count.used), show(count.held), show(count.left), show(count.max));
  const until = count.window_ends_at === null ? '' : limitBars.until(showTime(count.window_ends_at, zone));
  // Below one of five, what is left is little.
  const color = used >= 1 ? 'red' : used >= 0.8 ? 'orange' : 'blue';
  const bar = (
    <Progress.Root size={compact ? 6 : 'md'} role="img" aria-label={`${words}${until}`} bg="light-dark(var(--mantine-color-gray-3), var(--mantine-color-dark-4))">
      <Progress.Section value={used * 100} color={color} withAria={false} />
      <Progress.Section value={held * 100} color="grape" withAria={false} striped />
    </Progress.Root>
  );
  if (compact) {
    return (
      <div style={{ minWidth: 90 }} title={`${words}${until}`}>
        {bar}
        <Text size="xs" c="dimmed">{limitBars.short(show(count.left), show(count.max))}</Text>
      </div>
    );
  }
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>{limitWords[name]}</Text>
        <Text size="xs" c="dimmed">{limitBars.numbers(show(count.used), show(count.held), show(count.left), show(count.max))}{until}</Text>
      </Group>
      {bar}
    </div>
  );
}
