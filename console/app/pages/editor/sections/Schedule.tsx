/** When it is open between its dates, with the next ten openings. */
import { Alert, Checkbox, Chip, Group, List, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';

import type { RecurrenceInput, ScheduleInput, Weekday } from '../../../api/schema';
import { WEEKDAYS } from '../../../sentence/schedule';
import { details as texts } from '../../../texts/editor';
import { openings } from '../../../time/openings';
import { showTime, Temporal } from '../../../time/zone';
import { useEditor, useFault } from '../context';
import { ChoiceField, DecimalField, IntegerField, TextField } from '../fields';

const DAYS = Object.keys(WEEKDAYS) as Weekday[];

function fresh(type: RecurrenceInput['type']): RecurrenceInput {
  switch (type) {
    case 'none': return { type };
    case 'weekly': return { type, days: ['sat', 'sun'] };
    case 'monthly': return { type, dates: [1] };
    case 'weekly_span': return { type, from: { day: 'fri', time: '18:00' }, to: { day: 'mon', time: '06:00' } };
    case 'monthly_span': return { type, from: { date: 28, time: '00:00' }, to: { date: 3, time: '12:00' } };
  }
}

export function ScheduleFields() {
  const { draft, change } = useEditor();
  const fault = useFault('/schedule');
  const schedule = draft.schedule ?? null;
  const set = (part: Partial<ScheduleInput>) => change({ schedule: { ...schedule, ...part } });
  return (
    <Stack gap="sm">
      <Switch label={schedule === null ? texts.always : texts.some} checked={schedule !== null}
        onChange={(event) => change({ schedule: event.currentTarget.checked ? { timezone: null, recurrence: fresh('weekly') } : null })} />
      {schedule !== null && (
        <>
          <ChoiceField label={texts.days} at="/schedule/recurrence/type" value={schedule.recurrence?.type ?? 'none'} words={texts.recurrence}
            onChange={(type) => {
              const recurrence = fresh(type);
              const isSpan = type === 'weekly_span' || type === 'monthly_span';
              set(isSpan ? { recurrence, daily_window: null } : { recurrence });
            }} />
          <RecurrenceFields recurrence={schedule.recurrence ?? { type: 'none' }} set={(recurrence) => set({ recurrence })} />
          <Hours schedule={schedule} set={set} />
          <TextField label={texts.timezone} description={texts.timezoneHelp} at="/schedule/timezone" value={schedule.timezone}
            onChange={(timezone) => set({ timezone: timezone === '' ? null : timezone })} />
          {fault !== undefined && <Text size="sm" c="red">{fault}</Text>}
          <Openings schedule={schedule} />
        </>
      )}
    </Stack>
  );
}

function RecurrenceFields({ recurrence, set }: { recurrence: RecurrenceInput; set: (next: RecurrenceInput) => void }) {
  const words = Object.fromEntries(DAYS.map((day) => [day, WEEKDAYS[day]])) as Record<Weekday, string>;
  const at = '/schedule/recurrence';
  switch (recurrence.type) {
    case 'none': return null;
    case 'weekly':
      return (
        <Chip.Group multiple value={recurrence.days} onChange={(days) => set({ ...recurrence, days: DAYS.filter((day) => days.includes(day)) })}>
          <Group gap={6} role="group" aria-label={texts.weekdays}>
            {DAYS.map((day) => <Chip key={day} value={day} size="xs">{WEEKDAYS[day]}</Chip>)}
          </Group>
        </Chip.Group>
      );
    case 'monthly': return <Dates dates={recurrence.dates} set={(dates) => set({ ...recurrence, dates })} />;
    case 'weekly_span':
      return (
        <SimpleGrid cols={2}>
          <ChoiceField label={texts.fromDay} at={`${at}/from/day`} value={recurrence.from.day} words={words} onChange={(day) => set({ ...recurrence, from: { ...recurrence.from, day } })} />
          <Time label={texts.fromTime} at={`${at}/from/time`} value={recurrence.from.time} onChange={(time) => set({ ...recurrence, from: { ...recurrence.from, time } })} />
          <ChoiceField label={texts.toDay} at={`${at}/to/day`} value={recurrence.to.day} words={words} onChange={(day) => set({ ...recurrence, to: { ...recurrence.to, day } })} />
          <Time label={texts.toTime} at={`${at}/to/time`} value={recurrence.to.time} onChange={(time) => set({ ...recurrence, to: { ...recurrence.to, time } })} />
        </SimpleGrid>
      );
    case 'monthly_span':
      return (
        <SimpleGrid cols={2}>
          <IntegerField label={texts.fromDate} at={`${at}/from/date`} value={recurrence.from.date} onChange={(date) => set({ ...recurrence, from: { ...recurrence.from, date: date ?? 1 } })} />
          <Time label={texts.fromTime} at={`${at}/from/time`} value={recurrence.from.time} onChange={(time) => set({ ...recurrence, from: { ...recurrence.from, time } })} />
          <IntegerField label={texts.toDate} at={`${at}/to/date`} value={recurrence.to.date} onChange={(date) => set({ ...recurrence, to: { ...recurrence.to, date: date ?? 1 } })} />
          <Time label={texts.toTime} at={`${at}/to/time`} value={recurrence.to.time} onChange={(time) => set({ ...recurrence, to: { ...recurrence.to, time } })} />
        </SimpleGrid>
      );
  }
}

/** Dates of the month, as they are typed; the list follows as far as it can be read. */
function Dates({ dates, set }: { dates: readonly number[]; set: (dates: number[]) => void }) {
  const fault = useFault('/schedule/recurrence/dates');
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextInput label={texts.dates} error={fault} value={typed ?? dates.join(', ')} inputMode="numeric" onBlur={() => setTyped(null)}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        set([...new Set(text.split(/[\s,;]+/).filter((part) => /^\d{1,2}$/.test(part)).map(Number))]);
      }} />
  );
}

function Time({ label, at, value, onChange }: { label: string; at: string; value: string; onChange: (value: string) => void }) {
  const fault = useFault(at);
  return <TextInput type="time" label={label} error={fault} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}

function Hours({ schedule, set }: { schedule: ScheduleInput; set: (part: Partial<ScheduleInput>) => void }) {
  const window = schedule.daily_window ?? null;
  const type = schedule.recurrence?.type;
  if (type === 'weekly_span' || type === 'monthly_span') return <Text size="xs" c="dimmed">{texts.noHours}</Text>;
  return (
    <>
      <Checkbox label={texts.hours} checked={window !== null}
        onChange={(event) => set({ daily_window: event.currentTarget.checked ? { start: '17:00', duration_hours: '2' } : null })} />
      {window !== null && (
        <SimpleGrid cols={2}>
          <Time label={texts.hoursStart} at="/schedule/daily_window/start" value={window.start} onChange={(start) => set({ daily_window: { ...window, start } })} />
          <DecimalField label={texts.hoursLength} at="/schedule/daily_window/duration_hours" value={window.duration_hours}
            onChange={(hours) => set({ daily_window: { ...window, duration_hours: hours ?? '' } })} />
        </SimpleGrid>
      )}
    </>
  );
}

function Openings({ schedule }: { schedule: ScheduleInput }) {
  const { draft, zone } = useEditor();
  const [now] = useState(() => Temporal.Now.instant());
  const found = useMemo(() => {
    try {
      const start = Temporal.Instant.from(draft.starts_at);
      const after = Temporal.Instant.compare(start, now) < 0 ? now : start;
      return openings(schedule, zone, after.toString(), draft.ends_at, 10);
    } catch {
      // A date or a zone that is not complete yet.
      return null;
    }
  }, [schedule, zone, draft.starts_at, draft.ends_at, now]);
  if (found === null) return null;
  if (found.length === 0) return <Alert color="yellow" p="xs">{texts.never}</Alert>;
  const local = schedule.timezone ?? zone;
  return (
    <details>
      <summary><Text span size="sm" fw={500}>{texts.next}</Text></summary>
      <List size="sm" spacing={2} mt={4}>
        {found.map(({ from, to }) => <List.Item key={from}>{showTime(from, local, 'weekday')} – {showTime(to, local, 'weekday')}</List.Item>)}
      </List>
      <Text size="xs" c="dimmed">{texts.openings(local)}</Text>
    </details>
  );
}
