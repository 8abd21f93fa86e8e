/** How often the benefit is given on one cart. */
import { SimpleGrid } from '@mantine/core';

import type { BenefitInput, RepeatInput } from '../../../api/schema';
import { benefit as texts } from '../../../texts/editor';
import { useEditor } from '../context';
import { ChoiceField, DecimalField, IntegerField } from '../fields';
import { hasLineCondition } from './tree';

type Per = 'once' | RepeatInput['per'];

export function Repetition({ benefit, set, disabled }: { benefit: BenefitInput; set: (next: BenefitInput) => void; disabled: boolean }) {
  const { draft, currency } = useEditor();
  const repeat = benefit.repeat ?? null;
  // Sets are made of conditions about products; a price together cannot follow an amount.
  const offered: Per[] = ['once', 'quantity'];
  if (benefit.type !== 'bundle_price') offered.push('amount');
  if (hasLineCondition(draft.conditions) || repeat?.per === 'set') offered.push('set');
  const put = (next: RepeatInput | null) => set({ ...benefit, repeat: next });
  const choose = (per: Per) => {
    const most = repeat?.max_times ?? null;
    if (per === 'once') put(null);
    else if (per === 'set') put({ per, max_times: most });
    else put({ per, every: repeat !== null && repeat.per !== 'set' ? repeat.every : '', max_times: most });
  };
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <ChoiceField label={texts.repeat} at="/benefit/repeat" value={repeat?.per ?? 'once'} words={texts.repeats} only={offered} disabled={disabled} onChange={choose} />
      {repeat !== null && repeat.per !== 'set' && (
        <DecimalField label={texts.every} at="/benefit/repeat/every" value={repeat.every} disabled={disabled} {...(repeat.per === 'amount' && { unit: currency })}
          onChange={(every) => put({ ...repeat, every: every ?? '' })} />
      )}
      {repeat !== null && (
        <IntegerField label={texts.maxTimes} at="/benefit/repeat/max_times" value={repeat.max_times} disabled={disabled}
          onChange={(times) => put({ ...repeat, max_times: times })} />
      )}
    </SimpleGrid>
  );
}
