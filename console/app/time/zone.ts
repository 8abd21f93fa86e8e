/** Times in the tenant's zone, whatever zone the browser is in. `Temporal` knows the zones' rules. */
import { Temporal } from './temporal';

/** What a field for a local time shows: `2026-06-01T18:00`, with seconds where there are any. */
export function wallTime(instant: string, zone: string): string {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDateTime();
  const isWhole = local.second === 0 && local.millisecond === 0 && local.microsecond === 0;
  return local.toString({ smallestUnit: isWhole ? 'minute' : 'millisecond' });
}

/**
 * The instants that a local time names: one; two where the clock is set back over it, the earlier first; none where the
 * clock skips it, or where the text is no time.
 */
export function instantsOf(wall: string, zone: string): string[] {
  let local: Temporal.PlainDateTime;
  try {
    local = Temporal.PlainDateTime.from(wall);
  } catch {
    return [];
  }
  const earlier = local.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = local.toZonedDateTime(zone, { disambiguation: 'later' });
  // In a gap both lie beside the time that was asked for.
  if (!earlier.toPlainDateTime().equals(local)) return [];
  const both = earlier.epochNanoseconds === later.epochNanoseconds ? [earlier] : [earlier, later];
  return both.map(printed);
}

/** The first instant that exists from a local time on. */
export function firstInstant(wall: Temporal.PlainDateTime, zone: string): Temporal.ZonedDateTime {
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) return earlier;
  // In a gap `earlier` lies before it: the next change of the clock ends the gap.
  return earlier.getTimeZoneTransition('next') ?? earlier;
}

/** RFC 3339 with the zone's offset. */
export function printed(time: Temporal.ZonedDateTime): string {
  return time.toString({ timeZoneName: 'never', fractionalSecondDigits: undefined });
}

export function sameInstant(a: string, b: string): boolean {
  return Temporal.Instant.from(a).equals(Temporal.Instant.from(b));
}

export function now(): string {
  return Temporal.Now.instant().toString();
}

/** The local midnight that begins the day which lies `days` from now. */
export function startOfDay(zone: string, days = 0): string {
  return printed(Temporal.Now.zonedDateTimeISO(zone).add({ days }).startOfDay());
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, style: Style, locale: string | undefined): Intl.DateTimeFormat {
  const name = `${zone} ${style} ${locale ?? ''}`;
  let found = formats.get(name);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, ...STYLES[style] });
    formats.set(name, found);
  }
  return found;
}

const STYLES = {
  /** 1 Jun 2026, 18:00 */
  full: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  /** Mon, 1 Jun 2026, 18:00 */
  weekday: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'long', year: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type Style = keyof typeof STYLES;

/** A time for people, in the zone. */
export function showTime(instant: string, zone: string, style: Style = 'full', locale?: string): string {
  return formatter(zone, style, locale).format(new Date(Temporal.Instant.from(instant).epochMilliseconds));
}

/** The zone's name and present offset, as `Asia/Kolkata (UTC+05:30)`. */
export function zoneName(zone: string, at: string = now()): string {
  const offset = Temporal.Instant.from(at).toZonedDateTimeISO(zone).offset;
  return zone === 'UTC' ? 'UTC' : `${zone} (UTC${offset})`;
}

export { Temporal };
