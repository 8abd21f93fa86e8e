/** The tree of conditions, and what may be done with it. */
import type { ConditionInput, GroupConditionInput } from '../../../api/schema';

export const MOST_LEAVES = 10;
export const MOST_DEPTH = 5;

export type Kind = Exclude<ConditionInput['type'], 'group'>;

export function leavesOf(condition: ConditionInput | null | undefined): number {
  if (!condition) return 0;
  return condition.type === 'group' ? condition.of.reduce((sum, child) => sum + leavesOf(child), 0) : 1;
}

/** Whether there is a condition about products, which some benefits rest on. */
export function hasLineCondition(condition: ConditionInput | null | undefined): boolean {
  if (!condition) return false;
  if (condition.type === 'group') return condition.of.some(hasLineCondition);
  if (condition.type === 'item') return condition.found !== false;
  return condition.type.startsWith('line_') || condition.type.startsWith('distinct_');
}

/** A fresh leaf. */
export function leaf(kind: Kind): ConditionInput {
  switch (kind) {
    case 'cart_amount': case 'subtotal': case 'total_mrp': case 'total_quantity': case 'total_weight': case 'item_count':
      return { type: kind, op: 'gte', value: '' };
    case 'line_amount': case 'line_quantity': case 'distinct_products': case 'distinct_variants':
      return { type: kind, of: null, op: 'gte', value: '' };
    case 'item': return { type: 'item', of: { include: [{ field: 'sku', op: 'in', values: [] }] }, found: true };
    case 'payment_mode': return { type: 'payment_mode', op: 'in', values: [] };
    case 'gift_voucher': return { type: 'gift_voucher', values: [] };
    case 'shipping_method': case 'channel': case 'customer_group': return { type: kind, op: 'in', values: [] };
    case 'customer_attribute': return { type: 'customer_attribute', key: '', op: 'in', values: [] };
  }
}

/** A condition beside those that are there: a lone one becomes the first of a group. */
export function added(conditions: ConditionInput | null | undefined, fresh: ConditionInput): ConditionInput {
  if (!conditions) return fresh;
  if (conditions.type === 'group' && conditions.is !== false && conditions.match !== 'any') return { ...conditions, of: [...conditions.of, fresh] };
  return { type: 'group', match: 'all', is: true, of: [conditions, fresh] };
}

export function replaced(group: GroupConditionInput, place: number, next: ConditionInput | null): GroupConditionInput {
  return { ...group, of: next === null ? group.of.filter((_, other) => other !== place) : group.of.map((old, other) => (other === place ? next : old)) };
}

/** The tree after a change: a group of one plain condition at the top is that condition. */
export function tidied(condition: ConditionInput | null): ConditionInput | null {
  if (condition?.type !== 'group' || condition.is === false) return condition;
  if (condition.of.length === 0) return null;
  const [only] = condition.of;
  return condition.of.length === 1 && only !== undefined ? only : condition;
}
