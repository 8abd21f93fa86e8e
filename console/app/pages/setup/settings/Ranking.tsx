/** The order of ranking: dragged, or moved with buttons. What moves is said. */
import { ActionIcon, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import type { RankingCriterion } from '../../../api/schema';
import { rankingWords, settings as texts } from '../../../texts/setup';

const ALL = Object.keys(rankingWords) as RankingCriterion[];

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = [...list];
  const [item] = rest.splice(from, 1);
  if (item !== undefined) rest.splice(Math.max(0, Math.min(to, rest.length)), 0, item);
  return rest;
}

export function Ranking({ value, onChange, disabled }: { value: readonly RankingCriterion[]; onChange: (value: RankingCriterion[]) => void; disabled: boolean }) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState('');
  const move = (from: number, to: number) => {
    const name = value[from];
    if (name === undefined || from === to || to < 0 || to >= value.length) return;
    onChange(moved(value, from, to));
    setSaid(texts.moved(rankingWords[name], to + 1, value.length));
  };
  const others = ALL.filter((name) => !value.includes(name));
  return (
    <Stack gap={6}>
      {!disabled && <Text size="sm" c="dimmed">{texts.rankingHelp}</Text>}
      {value.length === 0 && <Text size="sm">{texts.noRanking}</Text>}
      <ol style={{ margin: 0, padding: 0, listStyle: 'none' }} aria-label={texts.ranking}>
        {value.map((name, place) => (
          <li
            key={name} draggable={!disabled} onDragStart={() => setDragged(place)} onDragEnd={() => setDragged(null)}
            onDragOver={(event) => { if (dragged !== null) event.preventDefault(); }}
            onDrop={(event) => { event.preventDefault(); if (dragged !== null) move(dragged, place); setDragged(null); }}
          >
            <Paper withBorder px="xs" py={4} mb={4} style={{ cursor: disabled ? 'default' : 'grab', opacity: dragged === place ? 0.5 : 1 }}>
              <Group justify="space-between" wrap="nowrap" gap="xs">
                <Group gap="xs" wrap="nowrap"><Badge variant="default" circle>{place + 1}</Badge><Text size="sm">{rankingWords[name]}</Text></Group>
                {!disabled && (
                  <Group gap={2} wrap="nowrap">
                    <ActionIcon variant="subtle" aria-label={texts.up(rankingWords[name])} disabled={place === 0} onClick={() => move(place, place - 1)}><span aria-hidden>↑</span></ActionIcon>
                    <ActionIcon variant="subtle" aria-label={texts.down(rankingWords[name])} disabled={place === value.length - 1} onClick={() => move(place, place + 1)}><span aria-hidden>↓</span></ActionIcon>
                    <ActionIcon variant="subtle" color="gray" aria-label={texts.drop(rankingWords[name])} onClick={() => onChange(value.filter((own) => own !== name))}><span aria-hidden>✕</span></ActionIcon>
                  </Group>
                )}
              </Group>
            </Paper>
          </li>
        ))}
      </ol>
      <span className="visually-hidden" role="status">{said}</span>
      {!disabled && others.length > 0 && (
        <Group gap={6}>
          <Text size="sm">{texts.rankingAdd}:</Text>
          {others.map((name) => <Button key={name} size="compact-xs" variant="default" onClick={() => onChange([...value, name])}>{rankingWords[name]}</Button>)}
        </Group>
      )}
    </Stack>
  );
}
