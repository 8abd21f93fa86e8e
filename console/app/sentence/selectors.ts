/** Which lines are meant, in words. */
import type { LineField, PredicateInput, SelectorInput } from '../api/schema';
import { isEmpty, listed, MISSING, names } from './say';
import type { Say } from './say';

const FIELDS: Record<LineField, string> = {
  sku: 'SKU',
  product: 'product',
  title: 'title',
  brand: 'brand',
  supplier: 'supplier',
  product_group: 'product group',
  category: 'category',
  tag: 'tag',
  attribute: 'attribute',
  variant: 'variant',
  unit_price: 'price',
  mrp: 'MRP',
  quantity: 'quantity',
  weight: 'weight',
  stock: 'stock',
  price_discount: 'markdown from MRP',
  price_discount_percent: 'markdown from MRP in percent',
};

export function fieldName({ field, key }: Pick<PredicateInput, 'field' | 'key'>): string {
  return (field === 'attribute' || field === 'variant') && key ? key : FIELDS[field];
}

const AMOUNTS: readonly LineField[] = ['unit_price', 'mrp', 'price_discount'];
const NUMBERS: readonly LineField[] = [...AMOUNTS, 'quantity', 'weight', 'stock', 'price_discount_percent'];

function predicate(test: PredicateInput, say: Say): string {
  const name = fieldName(test);
  const isNumber = NUMBERS.includes(test.field);
  const show = (value: string): string => {
    if (!isNumber) return value === '' ? MISSING : value;
    return AMOUNTS.includes(test.field) ? say.amount(value) : say.count(value);
  };
  const value = show(test.value ?? '');
  const values = (test.values ?? []).map(show);
  switch (test.op) {
    case 'eq': return isNumber ? `${name} exactly ${value}` : `${name} ${value}`;
    case 'ne': return isNumber ? `${name} other than ${value}` : `${name} not ${value}`;
    case 'gt': return `${name} over ${value}`;
    case 'gte': return `${name} at least ${value}`;
    case 'lt': return `${name} under ${value}`;
    case 'lte': return `${name} at most ${value}`;
    case 'in': return `${name} ${names(values)}`;
    case 'not_in': return `${name} not ${names(values)}`;
    case 'contains': return `${name} with “${value}” in it`;
    case 'starts_with': return `${name} beginning with “${value}”`;
    case 'between': return `${name} from ${values[0] ?? MISSING} to ${values[1] ?? MISSING}`;
    case 'in_list': return `the product list ${test.list || MISSING}`;
  }
}

/** Null: every line is meant. */
export function selected(selector: SelectorInput | null | undefined, say: Say): string | null {
  const include = (selector?.include ?? []).map((test) => predicate(test, say));
  const exclude = (selector?.exclude ?? []).map((test) => predicate(test, say));
  const which = listed(include, selector?.match === 'any' ? 'or' : 'and');
  if (exclude.length === 0) return which === '' ? null : which;
  return `${which === '' ? 'anything' : which} except ${listed(exclude, 'and')}`;
}

/** `3 of category Shirts`, `3 items`, `1 item`. */
export function countOf(count: string, selector: SelectorInput | null | undefined, say: Say): string {
  const which = selected(selector, say);
  if (which !== null) return `${count} of ${which}`;
  return count === '1' ? '1 item' : `${count} items`;
}

export function isSameSelector(a: SelectorInput | null | undefined, b: SelectorInput | null | undefined): boolean {
  const plain = (selector: SelectorInput | null | undefined) => JSON.stringify([
    selector?.match ?? 'all', isEmpty(selector?.include) ? [] : selector?.include, isEmpty(selector?.exclude) ? [] : selector?.exclude,
  ]);
  return plain(a) === plain(b);
}
