/** The browser's own `Temporal`; `main.ts` has loaded the polyfill where there is none. */
import type { Temporal as Specified } from 'temporal-polyfill';

// Browsers have it before TypeScript's own library does.
export const Temporal = (globalThis as unknown as { Temporal: typeof Specified }).Temporal;

// eslint-disable-next-line @typescript-eslint/no-namespace -- the types of the same name
export declare namespace Temporal {
  type Instant = Specified.Instant;
  type PlainDate = Specified.PlainDate;
  type PlainDateTime = Specified.PlainDateTime;
  type ZonedDateTime = Specified.ZonedDateTime;
}
