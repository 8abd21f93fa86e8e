/** What differs between two documents, by place. */

export interface Change {
  path: readonly string[];
  /** Undefined: it was not there. */
  before: unknown;
  after: unknown;
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** Whether two values say the same. `undefined`, null and what is empty are not told apart from one another. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b || (isEmpty(a) && isEmpty(b))) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, place) => same(value, b[place]));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}

export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(isEmpty);
}

export function difference(before: unknown, after: unknown, path: readonly string[] = []): Change[] {
  if (same(before, after)) return [];
  if (isList(before) && isList(after)) {
    // Lists of names are shown whole: what came and what went is seen there.
    if ([...before, ...after].every(isPlain)) return [{ path, before, after }];
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, place) => difference(before[place], after[place], [...path, String(place)])).flat();
  }
  if (isObject(before) && isObject(after) && before['type'] === after['type']) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => difference(before[key], after[key], [...path, key]));
  }
  return [{ path, before, after }];
}

/** What a list of names lost and got. */
export function moved(before: readonly unknown[], after: readonly unknown[]): { gone: unknown[]; come: unknown[]; isSorted: boolean } {
  const gone = before.filter((value) => !after.includes(value));
  const come = after.filter((value) => !before.includes(value));
  return { gone, come, isSorted: gone.length === 0 && come.length === 0 };
}
