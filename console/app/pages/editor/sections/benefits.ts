/** What a benefit becomes when its kind is changed: what both have stays. */
import type { BenefitInput, ItemsTargetInput } from '../../../api/schema';

export function ofType(benefit: BenefitInput, type: BenefitInput['type']): BenefitInput {
  if (benefit.type === type) return benefit;
  const old = benefit.type === 'free_product' ? { value: '', target: null } : { value: benefit.value ?? '', target: benefit.target ?? null };
  const items: ItemsTargetInput = old.target?.type === 'items' ? old.target : { type: 'items', from: 'matching' };
  const { value, target } = old;
  const repeat = benefit.repeat ?? null;
  switch (type) {
    case 'percentage_off': case 'amount_off': return { type, value, target, repeat };
    case 'fixed_price': return { type, value, target: target?.type === 'shipping' ? target : items, repeat };
    case 'bundle_price': return { type, value, target: items, repeat };
    case 'award_points': return { type, value, target: target?.type === 'cart' ? target : { type: 'cart' }, repeat };
    case 'free_product': return { type, product: { sku: '', quantity: '1' }, repeat };
  }
}
