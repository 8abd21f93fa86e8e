/** A value that grows with what is bought. */
import { ActionIcon, Anchor, Group, Stack, Table, Text } from '@mantine/core';

import type { BenefitInput } from '../../../api/schema';
import { benefit as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { ChoiceField, DecimalField } from '../fields';
import { SelectorField } from './SelectorField';

type StepsInput = NonNullable<Exclude<BenefitInput, { type: 'free_product' }>['steps']>;

/** Bounds of spec 5.4. */
const [FEWEST, MOST] = [2, 20];

export function Steps({ steps, valueLabel, unit, onChange, disabled }: {
  steps: StepsInput;
  valueLabel: string;
  unit: string;
  onChange: (steps: StepsInput) => void;
  disabled: boolean;
}) {
  const { currency } = useEditor();
  const fault = useFault('/benefit/steps/values');
  const put = (place: number, part: Partial<StepsInput['values'][number]>) => (
    onChange({ ...steps, values: steps.values.map((step, other) => (other === place ? { ...step, ...part } : step)) })
  );
  return (
    <Stack gap="xs">
      <ChoiceField label={texts.measure} at="/benefit/steps/measure" value={steps.measure} words={texts.measures} disabled={disabled} w={220}
        onChange={(measure) => onChange({ ...steps, measure })} />
      <Table withRowBorders={false} verticalSpacing={2} aria-label={texts.steps}>
        <Table.Tbody>
          {steps.values.map((step, place) => (
            <Table.Tr key={place}>
              <Table.Td p={2}>
                <DecimalField label={texts.stepFrom} at={`/benefit/steps/values/${place}/from`} value={step.from} disabled={disabled}
                  {...(steps.measure === 'amount' && { unit: currency })} onChange={(from) => put(place, { from: from ?? '' })} />
              </Table.Td>
              <Table.Td p={2}>
                <DecimalField label={valueLabel} at={`/benefit/steps/values/${place}/value`} value={step.value} disabled={disabled} {...(unit !== '' && { unit })}
                  onChange={(value) => put(place, { value: value ?? '' })} />
              </Table.Td>
              <Table.Td p={2} w={32} style={{ verticalAlign: 'bottom' }}>
                <ActionIcon variant="subtle" color="gray" aria-label={texts.stepRemove} disabled={disabled || steps.values.length <= FEWEST} mb={6}
                  onClick={() => onChange({ ...steps, values: steps.values.filter((_, other) => other !== place) })}>
                  <span aria-hidden>✕</span>
                </ActionIcon>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
      {!disabled && steps.values.length < MOST && (
        <Group>
          <Anchor component="button" type="button" size="xs" onClick={() => onChange({ ...steps, values: [...steps.values, { from: '', value: '' }] })}>
            + {texts.stepAdd}
          </Anchor>
        </Group>
      )}
      <SelectorField label={texts.stepOf} value={steps.of} at="/benefit/steps/of" disabled={disabled} onChange={(of) => onChange({ ...steps, of })} />
    </Stack>
  );
}
