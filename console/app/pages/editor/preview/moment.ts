import { openings } from '../../../time/openings';
import { Temporal } from '../../../time/zone';
import type { Draft } from '../draft';

/** The first moment from now on at which the draft is open; null: never. */
export function firstOpening(draft: Draft, zone: string, now: Temporal.Instant): string | null {
  try {
    const [start, end] = [Temporal.Instant.from(draft.starts_at), Temporal.Instant.from(draft.ends_at)];
    const after = Temporal.Instant.compare(start, now) > 0 ? start : now;
    if (Temporal.Instant.compare(after, end) >= 0) return null;
    const found = openings(draft.schedule, zone, after.toString(), draft.ends_at, 1);
    return found === null ? after.toString() : found[0]?.from ?? null;
  } catch {
    return null;
  }
}
