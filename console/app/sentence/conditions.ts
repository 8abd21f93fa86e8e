/** What must hold, in words: what is bought (“buy 2 of category Shirts”), and what else (“if the channel is web”). */
import type {
  AttributeConditionInput, CartConditionInput, ConditionInput, GroupConditionInput, LineConditionInput,
  MemberConditionInput, NumberOperator, PaymentConditionInput, SelectorInput,
} from '../api/schema';
import { listed, MISSING, names } from './say';
import type { Say } from './say';
import { countOf, selected } from './selectors';

function compared(op: NumberOperator, value: string): string {
  switch (op) {
    case 'eq': return `exactly ${value}`;
    case 'ne': return `other than ${value}`;
    case 'gt': return `more than ${value}`;
    case 'gte': return `at least ${value}`;
    case 'lt': return `less than ${value}`;
    case 'lte': return `at most ${value}`;
  }
}

function cart({ type, op, value }: CartConditionInput, say: Say): string {
  switch (type) {
    case 'cart_amount': return `the cart comes to ${compared(op, say.amount(value))}`;
    case 'subtotal': return `the cart comes to ${compared(op, say.amount(value))} after discounts on items`;
    case 'total_mrp': return `the MRPs of the cart come to ${compared(op, say.amount(value))}`;
    case 'total_quantity': return `the cart has ${compared(op, say.count(value))} ${value === '1' ? 'item' : 'items'}`;
    case 'total_weight': return `the cart weighs ${compared(op, say.count(value))}`;
    case 'item_count': return `the cart has ${compared(op, say.count(value))} different SKUs`;
  }
}

function line({ type, op, value, of }: LineConditionInput, say: Say): string {
  const which = selected(of, say) ?? 'any items';
  switch (type) {
    case 'line_amount': return `the cart has ${which} for ${compared(op, say.amount(value))}`;
    case 'line_quantity': return `the cart has ${countOf(compared(op, say.count(value)), of, say)}`;
    case 'distinct_products': return `the cart has ${compared(op, say.count(value))} different products of ${which}`;
    case 'distinct_variants': return `the cart has ${compared(op, say.count(value))} different SKUs of ${which}`;
  }
}

function payment({ op, values, min_amount: least }: PaymentConditionInput, say: Say): string {
  const amount = least === null || least === undefined ? '' : ` with at least ${say.amount(least)}`;
  switch (op) {
    case 'in': return `the payment is by ${names(values)}${amount}`;
    case 'not_in': return `the payment is not by ${names(values)}`;
    case 'starts_with': return `the payment is by a card or means beginning with ${names(values)}${amount}`;
  }
}

function member({ type, op, values }: MemberConditionInput): string {
  const not = op === 'not_in' ? ' not' : '';
  switch (type) {
    case 'shipping_method': return `the shipping is${not} by ${names(values)}`;
    case 'channel': return `the channel is${not} ${names(values)}`;
    case 'customer_group': return `the customer is${not} in the group ${names(values)}`;
  }
}

function attribute({ key, op, value, values }: AttributeConditionInput): string {
  const one = value || MISSING;
  const name = `the customer’s ${key || MISSING}`;
  switch (op) {
    case 'eq': return `${name} is ${one}`;
    case 'ne': return `${name} is not ${one}`;
    case 'gt': case 'gte': case 'lt': case 'lte': return `${name} is ${compared(op, one)}`;
    case 'in': return `${name} is ${names(values)}`;
    case 'not_in': return `${name} is not ${names(values)}`;
    case 'contains': return `${name} has “${one}” in it`;
    case 'starts_with': return `${name} begins with “${one}”`;
  }
}

function group({ match, is, of }: GroupConditionInput, say: Say, isInner: boolean): string {
  const parts = of.map((child) => claim(child, say, true));
  if (parts.length === 0) return MISSING;
  if (is === false) {
    const joined = listed(parts, 'and');
    return match === 'any' ? `not all of these hold: ${joined}` : `none of these holds: ${joined.replace(/ and (?!.* and )/, ' or ')}`;
  }
  const joined = listed(parts, match === 'any' ? 'or' : 'and');
  return isInner && parts.length > 1 ? `(${joined})` : joined;
}

/** A condition as a claim about the cart. */
export function claim(condition: ConditionInput, say: Say, isInner = false): string {
  switch (condition.type) {
    case 'group': return group(condition, say, isInner);
    case 'cart_amount': case 'subtotal': case 'total_mrp': case 'total_quantity': case 'total_weight': case 'item_count':
      return cart(condition, say);
    case 'line_amount': case 'line_quantity': case 'distinct_products': case 'distinct_variants':
      return line(condition, say);
    case 'item':
      return condition.found === false
        ? `the cart has nothing of ${selected(condition.of, say) ?? 'any kind'}`
        : `the cart has ${selected(condition.of, say) ?? 'an item'}`;
    case 'payment_mode': return payment(condition, say);
    case 'gift_voucher': return `the gift voucher ${names(condition.values)} is on the cart`;
    case 'shipping_method': case 'channel': case 'customer_group': return member(condition);
    case 'customer_attribute': return attribute(condition);
  }
}

function of(selector: SelectorInput | null | undefined, say: Say): string {
  const which = selected(selector, say);
  return which === null ? '' : ` of ${which}`;
}

/** What is bought, as an order to the customer; null for what is no purchase. */
function purchase(condition: ConditionInput, say: Say): string | null {
  switch (condition.type) {
    case 'line_quantity': {
      const count = say.count(condition.value);
      if (condition.op === 'gte') return `buy ${countOf(count, condition.of, say)}`;
      return condition.op === 'gt' || condition.op === 'eq' ? `buy ${countOf(compared(condition.op, count), condition.of, say)}` : null;
    }
    case 'line_amount':
      return condition.op === 'gte' || condition.op === 'gt'
        ? `spend ${compared(condition.op, say.amount(condition.value))} on ${selected(condition.of, say) ?? 'any items'}` : null;
    case 'cart_amount':
      return condition.op === 'gte' || condition.op === 'gt' ? `spend ${compared(condition.op, say.amount(condition.value))}` : null;
    case 'item': return condition.found === false ? null : `buy something${of(condition.of, say)}`;
    case 'group': case 'subtotal': case 'total_mrp': case 'total_quantity': case 'total_weight': case 'item_count':
    case 'distinct_products': case 'distinct_variants': case 'payment_mode': case 'gift_voucher': case 'shipping_method':
    case 'channel': case 'customer_group': case 'customer_attribute':
      return null;
  }
}

export interface Asked {
  /** `buy 2 of category Shirts and spend at least 500`, or null. */
  purchases: string | null;
  /** `the channel is web`, or null. */
  claims: string | null;
}

/** Parts the conditions into purchases and the rest. Inner groups are never parted. */
export function asked(conditions: ConditionInput | null | undefined, say: Say): Asked {
  if (conditions === null || conditions === undefined) return { purchases: null, claims: null };
  const isPlain = conditions.type === 'group' && conditions.match !== 'any' && conditions.is !== false;
  const parts = isPlain ? conditions.of : [conditions];
  const purchases: string[] = [];
  const claims: string[] = [];
  for (const part of parts) {
    const words = purchase(part, say);
    if (words === null) claims.push(claim(part, say, parts.length > 1)); else purchases.push(words);
  }
  return {
    purchases: purchases.length === 0 ? null : listed(purchases),
    claims: claims.length === 0 ? null : listed(claims),
  };
}
