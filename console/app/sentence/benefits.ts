/** What is given, in words. */
import type {
  BenefitInput, BenefitTargetInput, ConditionInput, FixedPriceTargetInput, ItemsTargetInput, PickOrder, RepeatInput,
} from '../api/schema';
import { compare, isDecimal } from '../money/money';
import { counted, isOne, listed, MISSING, ordinalWord } from './say';
import type { Say } from './say';
import { countOf, isSameSelector, selected } from './selectors';

/** A benefit of which a part may be missing: the editor's, while it is filled in. */
type Valued = Exclude<BenefitInput, { type: 'free_product' }>;

const PICKS: Record<PickOrder, string> = {
  cheapest: 'cheapest',
  most_expensive: 'most expensive',
  cart_order: 'first',
};

function usualPick(benefit: BenefitInput): PickOrder {
  return benefit.type === 'bundle_price' ? 'most_expensive' : 'cheapest';
}

function pickOf(benefit: BenefitInput, target: ItemsTargetInput): PickOrder {
  return target.pick ?? usualPick(benefit);
}

function isFree(benefit: BenefitInput, value: string | null | undefined): boolean {
  if (value === null || value === undefined || !isDecimal(value)) return false;
  return benefit.type === 'percentage_off' ? compare(value, '100') === 0 : benefit.type === 'fixed_price' && compare(value, '0') === 0;
}

/** `10% off`, `₹100 off`, `for ₹199 each`: the value by itself. */
function worth(benefit: Valued, value: string | null | undefined, say: Say): string {
  switch (benefit.type) {
    case 'percentage_off': return `${say.count(value)}% off`;
    case 'amount_off': return `${say.amount(value)} off`;
    case 'fixed_price': return `for ${say.amount(value)}`;
    case 'bundle_price': return `together for ${say.amount(value)}`;
    case 'award_points': return counted(say.count(value), 'point');
  }
}

function steps(benefit: Valued, say: Say): string | null {
  const given = benefit.steps;
  if (given === null || given === undefined) return null;
  const isAmount = given.measure === 'amount';
  const values = given.values.map(({ from, value }) => (
    `${worth(benefit, value, say)} from ${isAmount ? say.amount(from) : counted(say.count(from), 'item')}`
  ));
  const of = selected(given.of, say);
  return `${listed(values)}${of === null ? '' : ` of ${of}`}`;
}

/** `the cheapest of category Shirts`, `the 2 cheapest of all items`. */
function picked(count: string, pick: PickOrder, of: string): string {
  if (pick === 'cart_order') return count === '1' ? `the first of ${of}` : `the first ${count} of ${of}`;
  return count === '1' ? `the ${PICKS[pick]} of ${of}` : `the ${count} ${PICKS[pick]} of ${of}`;
}

/** Which units get it. */
function units(benefit: BenefitInput, target: ItemsTargetInput, say: Say): string {
  const which = selected(target.select, say);
  const quantity = target.quantity ?? (target.within === 'application' ? '1' : null);
  const pick = pickOf(benefit, target);
  // The service fills in the usual one.
  const isDefaultPick = pick === usualPick(benefit);
  const count = quantity === null ? null : say.count(quantity);
  switch (target.from ?? 'matching') {
    case 'matching': {
      if (count === null) return `${which ?? 'every item'}${isDefaultPick ? '' : `, the ${PICKS[pick]} first`}`;
      return picked(count, pick, which ?? 'all items');
    }
    case 'in_condition': {
      const of = which === null ? 'these items' : `these items that are ${which}`;
      if (count === null) return `${of}${isDefaultPick ? '' : `, the ${PICKS[pick]} first`}`;
      return picked(count, pick, of);
    }
    case 'beyond_condition': {
      const of = which === null ? '' : ` of ${which}`;
      if (count === null) return `all others${of}${isDefaultPick ? '' : `, the ${PICKS[pick]} first`}`;
      return `${count} more${of}, the ${PICKS[pick]}${count === '1' ? '' : ' first'}`;
    }
  }
}

function repeated(repeat: RepeatInput | null | undefined, say: Say): string {
  if (repeat === null || repeat === undefined) return '';
  const most = repeat.max_times === null || repeat.max_times === undefined
    ? '' : `, at most ${counted(say.count(repeat.max_times), 'time')} on a cart`;
  switch (repeat.per) {
    case 'quantity': return isOne(repeat.every) ? ` for each one bought${most}` : ` for every ${say.count(repeat.every)} bought${most}`;
    case 'amount': return ` for every ${say.amount(repeat.every)} spent${most}`;
    case 'set': return ` for every complete set${most}`;
  }
}

/** `Buy 2, get the cheapest third free`, where it is that simple; null elsewhere. */
function nextOne(benefit: Valued, target: ItemsTargetInput, conditions: ConditionInput | null | undefined, say: Say): string | null {
  const isPlain = conditions?.type === 'line_quantity' && conditions.op === 'gte' && target.from === 'beyond_condition'
    && (target.select === null || target.select === undefined || isSameSelector(target.select, conditions.of))
    && (benefit.type === 'percentage_off' || benefit.type === 'fixed_price') && !benefit.steps;
  if (!isPlain || !/^\d+$/.test(conditions.value)) return null;
  const repeat = benefit.repeat;
  const isEach = repeat?.per === 'quantity' && compare(repeat.every, conditions.value) === 0;
  const isSingle = target.quantity === null || target.quantity === undefined ? isEach : isOne(target.quantity);
  const place = ordinalWord(Number(conditions.value) + 1);
  if (!isSingle || (repeat && !isEach) || place === null) return null;
  const what = isFree(benefit, benefit.value) ? 'free' : benefit.type === 'fixed_price' ? worth(benefit, benefit.value, say) : `at ${worth(benefit, benefit.value, say)}`;
  const most = repeat?.max_times ? `, at most ${counted(say.count(repeat.max_times), 'time')} on a cart` : isEach ? '' : ', once on a cart';
  return `the ${PICKS[pickOf(benefit, target)]} ${place} ${what}${most}`;
}

function onItems(benefit: Valued, target: ItemsTargetInput, say: Say): string {
  const value = steps(benefit, say);
  if (target.within === 'application' && benefit.repeat?.per === 'quantity') {
    const quantity = say.count(target.quantity ?? '1');
    const of = selected(target.select, say);
    const from = target.from === 'in_condition' ? 'these items' : of ?? 'all items';
    const which = picked(quantity, pickOf(benefit, target), `every ${say.count(benefit.repeat.every)} of ${from}`);
    const most = benefit.repeat.max_times ? `, at most ${counted(say.count(benefit.repeat.max_times), 'time')} on a cart` : '';
    const what = isFree(benefit, benefit.value) && value === null ? 'free' : value ?? worth(benefit, benefit.value, say);
    return `${which} ${what}${most}`;
  }
  const which = units(benefit, target, say);
  const every = repeated(benefit.repeat, say);
  if (value !== null) return `${value}, on ${which}${every}`;
  switch (benefit.type) {
    case 'percentage_off':
      if (isFree(benefit, benefit.value)) return `${which} free${every}`;
      return `${worth(benefit, benefit.value, say)} ${which}${benefit.base === 'mrp' ? ', counted from the MRP' : ''}${every}`;
    case 'amount_off':
      return `${worth(benefit, benefit.value, say)} ${benefit.per === 'unit' ? 'each of ' : ''}${which}${every}`;
    case 'fixed_price':
      return isFree(benefit, benefit.value) ? `${which} free${every}` : `${which} ${worth(benefit, benefit.value, say)} each${every}`;
    case 'bundle_price': {
      const size = target.quantity ?? (benefit.repeat?.per === 'quantity' ? benefit.repeat.every : null);
      const isMatching = (target.from ?? 'matching') === 'matching';
      const together = worth(benefit, benefit.value, say);
      if (isMatching) return `${size === null ? which : countOf(say.count(size), target.select, say)} ${together}${every}`;
      if (benefit.repeat?.per !== 'quantity') return `${target.select ? `${which} ` : ''}${together}${every}`;
      const most = benefit.repeat.max_times ? `, at most ${counted(say.count(benefit.repeat.max_times), 'time')} on a cart` : '';
      return `every ${say.count(benefit.repeat.every)} of ${which} ${together}${most}`;
    }
    case 'award_points': return `${worth(benefit, benefit.value, say)}${every}`;
  }
}

function onTarget(benefit: Valued, target: BenefitTargetInput | FixedPriceTargetInput | null | undefined, say: Say): string {
  const every = repeated(benefit.repeat, say);
  const value = steps(benefit, say);
  const type = target?.type ?? 'cart';
  if (benefit.type === 'award_points') {
    const on = target?.type === 'cart' ? selected(target.select, say) : null;
    return `${value ?? worth(benefit, benefit.value, say)}${on === null ? '' : ` on ${on}`}${every}`;
  }
  if (target?.type === 'items') return onItems(benefit, target, say);
  if (type === 'shipping') {
    if (isFree(benefit, benefit.value) && value === null) return `shipping free${every}`;
    if (benefit.type === 'fixed_price') return `shipping ${value ?? worth(benefit, benefit.value, say)}${every}`;
    return `${value ?? worth(benefit, benefit.value, say)} the shipping${every}`;
  }
  const on = target?.type === 'cart' ? selected(target.select, say) : null;
  const what = value === null ? worth(benefit, benefit.value, say) : `${value},`;
  return on === null ? `${what} the whole cart${every}` : `${what} the cart’s ${on}${every}`;
}

const SAME = { sku: ', all of one SKU', product: ', all of one product' } as const;

/** The benefit; `isNext` where it only makes sense after “buy …, get”. */
export function given(benefit: BenefitInput, conditions: ConditionInput | null | undefined, say: Say): { words: string; isNext: boolean } {
  if (benefit.type === 'free_product') {
    const { sku, quantity } = benefit.product;
    return { words: `${say.count(quantity ?? '1')} × SKU ${sku || MISSING} free${repeated(benefit.repeat, say)}`, isNext: true };
  }
  const target = benefit.target;
  const same = benefit.same ? SAME[benefit.same] : '';
  const next = target?.type === 'items' ? nextOne(benefit, target, conditions, say) : null;
  if (next !== null) return { words: next + same, isNext: true };
  const isNext = target?.type === 'items' && target.from === 'beyond_condition';
  return { words: onTarget(benefit, target, say) + same, isNext };
}
