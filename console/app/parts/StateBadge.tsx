import { Badge } from '@mantine/core';

import type { PromotionState } from '../api/schema';
import { stateWords } from '../texts/words';

/** A shape beside the word, so that nobody needs to tell colors apart. */
const LOOKS: Record<PromotionState, { shape: string; color: string }> = {
  draft: { shape: '◇', color: 'gray' },
  scheduled: { shape: '◷', color: 'blue' },
  live: { shape: '●', color: 'green' },
  paused: { shape: '❚❚', color: 'yellow' },
  ended: { shape: '■', color: 'gray' },
  archived: { shape: '▽', color: 'gray' },
};

export function stateColor(state: PromotionState): string {
  return LOOKS[state].color;
}

export function StateBadge({ state }: { state: PromotionState }) {
  const { shape, color } = LOOKS[state];
  return (
    <Badge variant="outline" color={color} tt="none" fw={500} leftSection={<span aria-hidden>{shape}</span>} autoContrast
      styles={{ root: { color: 'var(--mantine-color-text)' }, label: { overflow: 'visible' } }}>
      {stateWords[state]}
    </Badge>
  );
}
