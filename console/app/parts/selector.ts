import type { LineField, SelectorInput } from '../api/schema';

const FIELDS: readonly LineField[] = ['category', 'brand', 'sku', 'tag', 'product', 'product_group', 'supplier'];

/** Whether a selector only says that fields are one of some names, all of it. */
export function isPlainSelector(selector: SelectorInput | null | undefined): boolean {
  if (selector == null) return true;
  if ((selector.exclude ?? []).length > 0 || selector.match === 'any') return false;
  return (selector.include ?? []).every(({ field, op }) => op === 'in' && FIELDS.includes(field));
}
