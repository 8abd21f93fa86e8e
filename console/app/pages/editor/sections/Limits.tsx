/** How often: every limit that the kind of promotion may have, and why it has not the others. */
import { Alert, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core';

import type { LimitsInput, RefreshInput, SubjectLimitsInput } from '../../../api/schema';
import { editor, scopeTexts as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { LIMITS } from '../draft';
import type { Subject } from '../draft';
import { ChoiceField, DecimalField, IntegerField } from '../fields';

const SUBJECTS: readonly Subject[] = ['promotion', 'customer', 'code', 'cart', 'issue', 'earn'];

export function Limits() {
  const { draft, isLocked } = useEditor();
  const fault = useFault('/limits');
  const offered = SUBJECTS.filter((subject) => LIMITS[subject].includes(draft.type));
  const others = SUBJECTS.filter((subject) => !offered.includes(subject));
  return (
    <Stack gap="xs">
      {isLocked && <Alert color="blue" p="xs">{editor.locked}</Alert>}
      <Text size="xs" c="dimmed">{texts.limitsHelp}</Text>
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
      {offered.map((subject) => (
        <Paper key={subject} withBorder p="xs" component="fieldset" m={0} disabled={isLocked}>
          <Text component="legend" size="sm" fw={500} px={4}>{texts.subjects[subject]}</Text>
          <SubjectFields subject={subject} disabled={isLocked} />
        </Paper>
      ))}
      {others.map((subject) => (
        <Text key={subject} size="xs" c="dimmed">{texts.subjects[subject]}: {texts.notFor[subject]}</Text>
      ))}
    </Stack>
  );
}

/** Without what is null, and null for what is empty: a limit that is not set is not there. */
function kept<T extends object>(part: T): T | null {
  const entries = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  return entries.length === 0 ? null : Object.fromEntries(entries) as T;
}

function SubjectFields({ subject, disabled }: { subject: Subject; disabled: boolean }) {
  const { draft, change, currency } = useEditor();
  const limits = draft.limits ?? {};
  const at = `/limits/${subject}`;
  const put = (part: LimitsInput) => {
    const others = Object.fromEntries(Object.entries(limits).filter(([name]) => name !== subject));
    change({ limits: { ...others, ...kept(part) } });
  };
  switch (subject) {
    case 'promotion': case 'customer': case 'code':
      return <Counted limits={limits[subject] ?? {}} at={at} disabled={disabled} set={(next) => put({ [subject]: kept(next) })} />;
    case 'cart': {
      const cart = limits.cart ?? {};
      const set = (part: typeof cart) => put({ cart: kept({ ...cart, ...part }) });
      return (
        <Group align="start" grow>
          <IntegerField label={texts.times} at={`${at}/times`} value={cart.times} disabled={disabled} onChange={(times) => set({ times })} />
          <DecimalField label={texts.discount} at={`${at}/discount`} value={cart.discount} unit={currency} disabled={disabled} onChange={(discount) => set({ discount })} />
        </Group>
      );
    }
    case 'issue':
      return (
        <IntegerField label={texts.perCustomerIssue} at={`${at}/per_customer`} value={limits.issue?.per_customer} disabled={disabled}
          onChange={(most) => put({ issue: kept({ per_customer: most }) })} />
      );
    case 'earn': {
      const earn = limits.earn ?? {};
      const set = (part: typeof earn) => put({ earn: kept({ ...earn, ...part }) });
      return (
        <Group align="start" grow>
          {draft.type === 'loyalty_earning' && (
            <IntegerField label={texts.perCustomerEarn} at={`${at}/per_customer`} value={earn.per_customer} disabled={disabled} onChange={(most) => set({ per_customer: most })} />
          )}
          <IntegerField label={texts.times} at={`${at}/times`} value={earn.times} disabled={disabled} onChange={(times) => set({ times })} />
          <IntegerField label={texts.transactions} at={`${at}/transactions`} value={earn.transactions} disabled={disabled} onChange={(transactions) => set({ transactions })} />
          <DecimalField label={texts.discount} at={`${at}/discount`} value={earn.discount} unit={currency} disabled={disabled} onChange={(discount) => set({ discount })} />
        </Group>
      );
    }
  }
}

/** The three measures of a subject, each with its own time after which it begins anew. */
function Counted({ limits, at, set, disabled }: { limits: SubjectLimitsInput; at: string; set: (next: SubjectLimitsInput) => void; disabled: boolean }) {
  const { currency } = useEditor();
  const { times, transactions, discount } = limits;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Stack gap={4}>
        <IntegerField label={texts.times} at={`${at}/times/max`} value={times?.max} disabled={disabled}
          onChange={(max) => set({ ...limits, times: max === null ? null : { ...times, max } })} />
        {times && <Refresh value={times.refresh} at={`${at}/times/refresh`} disabled={disabled} set={(refresh) => set({ ...limits, times: { ...times, refresh } })} />}
      </Stack>
      <Stack gap={4}>
        <IntegerField label={texts.transactions} at={`${at}/transactions/max`} value={transactions?.max} disabled={disabled}
          onChange={(max) => set({ ...limits, transactions: max === null ? null : { ...transactions, max } })} />
        {transactions && (
          <Refresh value={transactions.refresh} at={`${at}/transactions/refresh`} disabled={disabled} set={(refresh) => set({ ...limits, transactions: { ...transactions, refresh } })} />
        )}
      </Stack>
      <Stack gap={4}>
        <DecimalField label={texts.discount} at={`${at}/discount/max`} value={discount?.max} unit={currency} disabled={disabled}
          onChange={(max) => set({ ...limits, discount: max === null ? null : { ...discount, max } })} />
        {discount && <Refresh value={discount.refresh} at={`${at}/discount/refresh`} disabled={disabled} set={(refresh) => set({ ...limits, discount: { ...discount, refresh } })} />}
      </Stack>
    </SimpleGrid>
  );
}

type Unit = 'never' | RefreshInput['unit'];

function Refresh({ value, at, set, disabled }: { value: RefreshInput | null | undefined; at: string; set: (next: RefreshInput | null) => void; disabled: boolean }) {
  const words: Record<Unit, string> = { never: texts.never, ...texts.units };
  return (
    <Group gap={6} wrap="nowrap" align="start">
      {value && <IntegerField label={texts.every} at={`${at}/every`} value={value.every} w={60} disabled={disabled} onChange={(every) => set({ ...value, every: every ?? 1 })} />}
      <ChoiceField label={value ? texts.unit : texts.refresh} at={`${at}/unit`} value={value?.unit ?? 'never'} words={words} disabled={disabled}
        onChange={(unit) => set(unit === 'never' ? null : { every: value?.every ?? 1, unit })} />
    </Group>
  );
}
