import { Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

import { zonedTime as texts } from '../texts/parts';
import { firstInstant, instantsOf, printed, sameInstant, showTime, Temporal, wallTime } from '../time/zone';

export interface ZonedTimeProps {
  label: string;
  /** RFC 3339, or empty. */
  value: string;
  onChange: (value: string) => void;
  zone: string;
  error?: string | undefined;
  disabled?: boolean;
  description?: string;
}

function wallOf(value: string, zone: string): string {
  try {
    return wallTime(value, zone);
  } catch {
    return '';
  }
}

/**
 * A time in the tenant's zone. What is shown and not touched stays the same instant. Where the clock is set back over
 * it, one of the two is chosen; where the clock skips it, the next instant is taken, and said.
 */
export function ZonedTime({ label, value, onChange, zone, error, disabled = false, description }: ZonedTimeProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const wall = typed ?? wallOf(value, zone);
  const choices = instantsOf(wall, zone);
  const isSkipped = wall !== '' && choices.length === 0 && value !== '';
  const enter = (text: string) => {
    setTyped(text);
    const [first] = instantsOf(text, zone);
    if (first !== undefined) onChange(first);
    else if (text === '') onChange('');
    else {
      try {
        onChange(printed(firstInstant(Temporal.PlainDateTime.from(text), zone)));
      } catch {
        // Not a whole time yet.
      }
    }
  };
  return (
    <Stack gap={4}>
      <TextInput
        type="datetime-local" label={label} value={wall} disabled={disabled} error={error} max="9999-12-31T23:59"
        step={wall.length > 16 ? 1 : 60} description={description ?? texts.zone(zone)}
        onChange={(event) => enter(event.currentTarget.value)} onBlur={() => setTyped(null)}
      />
      {choices.length === 2 && (
        <Select
          label={texts.twice} size="xs" allowDeselect={false} disabled={disabled}
          value={choices.find((choice) => value !== '' && sameInstant(choice, value)) ?? choices[0] ?? null}
          data={choices.map((choice, place) => ({ value: choice, label: texts.which(place, choice.slice(-6)) }))}
          onChange={(chosen) => { if (chosen !== null) onChange(chosen); }}
        />
      )}
      {isSkipped && <div role="status" style={{ fontSize: 12 }}>{texts.skipped(showTime(value, zone))}</div>}
    </Stack>
  );
}
