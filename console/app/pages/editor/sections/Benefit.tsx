/** What is given. Which fields there are follows from the kind of benefit; what does not go together is not offered. */
import { Alert, Checkbox, Group, SimpleGrid, Stack } from '@mantine/core';

import type { BenefitInput, BenefitTargetInput, ItemsTargetInput } from '../../../api/schema';
import { benefit as texts, editor } from '../../../texts/editor';
import { useEditor } from '../context';
import { ChoiceField, DecimalField, WordField } from '../fields';
import { ofType } from './benefits';
import { Repetition } from './Repetition';
import { SelectorField } from './SelectorField';
import { Steps } from './Steps';
import { hasLineCondition } from './tree';

type Valued = Exclude<BenefitInput, { type: 'free_product' }>;

const TARGETS: Record<Valued['type'], readonly BenefitTargetInput['type'][]> = {
  percentage_off: ['items', 'cart', 'shipping'],
  amount_off: ['items', 'cart', 'shipping'],
  fixed_price: ['items', 'shipping'],
  bundle_price: ['items'],
  award_points: ['cart'],
};

export function Benefit() {
  const { draft, change, isLocked } = useEditor();
  const benefit = draft.benefit;
  const set = (next: BenefitInput) => change({ benefit: next });
  return (
    <Stack gap="sm">
      {isLocked && <Alert color="blue" p="xs">{editor.locked}</Alert>}
      <ChoiceField label={texts.type} at="/benefit/type" value={benefit.type} words={texts.types} disabled={isLocked} onChange={(type) => set(ofType(benefit, type))} />
      {benefit.type === 'free_product' ? (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <WordField label={texts.sku} at="/benefit/product/sku" value={benefit.product.sku} lookup={{ field: 'sku' }} disabled={isLocked}
            onChange={(sku) => set({ ...benefit, product: { ...benefit.product, sku } })} />
          <DecimalField label={texts.productQuantity} at="/benefit/product/quantity" value={benefit.product.quantity ?? '1'} disabled={isLocked}
            onChange={(quantity) => set({ ...benefit, product: { ...benefit.product, quantity } })} />
        </SimpleGrid>
      ) : <ValuedBenefit benefit={benefit} set={set} />}
      <Repetition benefit={benefit} set={set} disabled={isLocked} />
    </Stack>
  );
}

function ValuedBenefit({ benefit, set }: { benefit: Valued; set: (next: BenefitInput) => void }) {
  const { currency, isLocked } = useEditor();
  const unit = benefit.type === 'percentage_off' ? '%' : benefit.type === 'award_points' ? '' : currency;
  const target = benefit.target ?? { type: 'cart' };
  const isStepped = benefit.steps != null;
  const step = (on: boolean) => {
    const { value, steps, ...rest } = benefit;
    if (on) {
      const values = [{ from: '', value: value ?? '' }, { from: '', value: '' }];
      set({ ...rest, steps: { measure: 'amount', of: null, values }, same: null });
    } else set({ ...rest, value: steps?.values[0]?.value ?? '' });
  };
  return (
    <>
      {!isStepped && (
        <DecimalField label={texts.value[benefit.type]} at="/benefit/value" value={benefit.value} disabled={isLocked} w={220} {...(unit !== '' && { unit })}
          onChange={(value) => set({ ...benefit, value: value ?? '' })} />
      )}
      <Checkbox label={texts.stepped} checked={isStepped} disabled={isLocked} onChange={(event) => step(event.currentTarget.checked)} />
      {benefit.steps != null && (
        <Steps steps={benefit.steps} valueLabel={texts.value[benefit.type]} unit={unit} disabled={isLocked}
          onChange={(steps) => set({ ...benefit, steps })} />
      )}
      <ChoiceField label={texts.target} at="/benefit/target/type" value={target.type} words={texts.targets} only={TARGETS[benefit.type]} disabled={isLocked}
        onChange={(type) => set({ ...benefit, target: type === 'items' ? { type, from: 'matching' } : { type }, repeat: null } as BenefitInput)} />
      {target.type === 'cart' && (
        <SelectorField label={texts.cartSelect} value={target.select} at="/benefit/target/select" disabled={isLocked}
          onChange={(select) => set({ ...benefit, target: { ...target, select } } as BenefitInput)} />
      )}
      {target.type === 'items' && <Items benefit={benefit} target={target} set={set} />}
    </>
  );
}

function Items({ benefit, target, set }: { benefit: Valued; target: ItemsTargetInput; set: (next: BenefitInput) => void }) {
  const { draft, isLocked } = useEditor();
  const from = target.from ?? 'matching';
  const aim = (part: Partial<ItemsTargetInput>) => set({ ...benefit, target: { ...target, ...part } } as BenefitInput);
  const needsLine = from !== 'matching' && !hasLineCondition(draft.conditions);
  const select = { matching: texts.select, beyond_condition: texts.selectBeyond, in_condition: texts.selectNarrow }[from];
  const canGroup = benefit.type !== 'bundle_price' && from !== 'beyond_condition' && benefit.repeat?.per === 'quantity';
  return (
    <Stack gap="sm">
      <ChoiceField label={texts.from} at="/benefit/target/from" value={from} words={texts.froms} disabled={isLocked} onChange={(next) => aim({ from: next })} />
      {needsLine && <Alert color="yellow" p="xs">{texts.needsLine}</Alert>}
      <SelectorField label={select} value={target.select} at="/benefit/target/select" disabled={isLocked} none={texts.unselected[from]} onChange={(next) => aim({ select: next })} />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <DecimalField label={texts.quantity} description={texts.quantityAll} at="/benefit/target/quantity" value={target.quantity} disabled={isLocked}
          onChange={(quantity) => aim({ quantity })} />
        <ChoiceField label={texts.pick} at="/benefit/target/pick" words={texts.picks} disabled={isLocked} description=" "
          value={target.pick ?? (benefit.type === 'bundle_price' ? 'most_expensive' : 'cheapest')} onChange={(pick) => aim({ pick })} />
      </SimpleGrid>
      {canGroup && (
        <Checkbox label={texts.within} checked={target.within === 'application'} disabled={isLocked}
          onChange={(event) => aim({ within: event.currentTarget.checked ? 'application' : 'cart' })} />
      )}
      <Group grow align="start">
        {benefit.type === 'amount_off' && (
          <ChoiceField label={texts.per} at="/benefit/per" value={benefit.per ?? 'application'} words={texts.pers} disabled={isLocked}
            onChange={(per) => set({ ...benefit, per })} />
        )}
        {benefit.type === 'percentage_off' && (
          <ChoiceField label={texts.base} at="/benefit/base" value={benefit.base ?? 'unit_price'} words={texts.bases} disabled={isLocked}
            onChange={(base) => set({ ...benefit, base })} />
        )}
        {benefit.steps == null && (
          <ChoiceField label={texts.same} at="/benefit/same" value={benefit.same ?? 'any'} words={texts.sames} disabled={isLocked}
            onChange={(same) => set({ ...benefit, same: same === 'any' ? null : same })} />
        )}
      </Group>
    </Stack>
  );
}
