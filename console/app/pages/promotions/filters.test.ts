import { expect, it } from 'vitest';

import { Temporal } from '../../time/zone';
import { queryOf } from './filters';

const NOW = Temporal.Instant.from('2026-06-01T12:00:00Z');

it('asks for what ends within so many days from now', () => {
  expect(queryOf({ ends: '7', state: 'live,paused' }, NOW)).toEqual({
    state: ['live', 'paused'], ends_after: '2026-06-01T12:00:00Z', ends_before: '2026-06-08T12:00:00Z',
  });
});

it('forgets a number of days that is none', () => {
  expect(queryOf({ ends: 'soon', q: 'tee' }, NOW)).toEqual({ q: 'tee' });
});
