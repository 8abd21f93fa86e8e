/** How a customer comes to have it, how long it can be used, and what the customer is told. */
import { ActionIcon, Alert, Anchor, Checkbox, Group, Paper, Select, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { api, call } from '../../../api/client';
import type { CommunicationInput, EarningInput } from '../../../api/schema';
import { earning as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { isEarned } from '../draft';
import { ChoiceField, IntegerField, WordField } from '../fields';
import { Conditions } from './Conditions';
import { ScopeFields } from './Scope';

export function Earning() {
  const { draft } = useEditor();
  if (!isEarned(draft.type)) return <Alert color="gray">{texts.notOffered}</Alert>;
  return (
    <Stack gap="md">
      {draft.type === 'rewards' ? <Text size="sm">{texts.reward}</Text> : <Rule />}
      <Expiry />
      <Messages />
    </Stack>
  );
}

function Rule() {
  const { draft, change } = useEditor();
  const fault = useFault('/earning');
  const earning: EarningInput = draft.earning ?? { trigger: 'activity', activity: 'transaction' };
  const set = (part: Partial<EarningInput>) => change({ earning: { ...earning, ...part } });
  const choose = (trigger: EarningInput['trigger']) => {
    const within = earning.earn_within_days ?? null;
    const kept = { requires_issue: earning.requires_issue ?? false, earn_within_days: within };
    if (trigger === 'activity') change({ earning: { trigger, activity: 'transaction', ...kept } });
    else if (trigger === 'milestone') change({ earning: { trigger, milestone: { name: '', target: '' }, ...kept } });
    else change({ earning: { trigger } });
  };
  return (
    <>
      <ChoiceField label={texts.trigger} at="/earning/trigger" value={earning.trigger} words={texts.triggers} onChange={choose} />
      {fault !== undefined && <Text size="sm" c="red">{fault}</Text>}
      {earning.trigger === 'activity' && (
        <>
          <ChoiceField label={texts.activity} at="/earning/activity" value={earning.activity ?? 'transaction'} words={texts.activities} onChange={(activity) => set({ activity })} />
          <Title order={3} size="h5">{texts.conditions}</Title>
          <Conditions value={earning.conditions} at="/earning/conditions" onChange={(conditions) => set({ conditions })} />
          <Title order={3} size="h5">{texts.scope}</Title>
          <ScopeFields scope={earning.scope} at="/earning/scope" onChange={(scope) => set({ scope })} />
        </>
      )}
      {earning.trigger === 'milestone' && <MilestoneChoice value={earning.milestone ?? { name: '', target: '' }} set={(milestone) => set({ milestone })} />}
      {earning.trigger !== 'direct' && (
        <>
          <Checkbox label={texts.requires} checked={earning.requires_issue === true}
            onChange={(event) => set(event.currentTarget.checked ? { requires_issue: true } : { requires_issue: false, earn_within_days: null })} />
          {earning.requires_issue === true && (
            <IntegerField label={texts.within} at="/earning/earn_within_days" value={earning.earn_within_days} w={220} onChange={(days) => set({ earn_within_days: days })} />
          )}
        </>
      )}
    </>
  );
}

function MilestoneChoice({ value, set }: { value: { name: string; target: string }; set: (value: { name: string; target: string }) => void }) {
  const [nameFault, targetFault] = [useFault('/earning/milestone/name'), useFault('/earning/milestone/target')];
  const query = useQuery({ queryKey: ['milestones', 'all'], queryFn: () => call(api.GET('/v1/milestones', { params: { query: { limit: 200 } } })) });
  const milestones = query.data?.items ?? [];
  const targets = milestones.find((milestone) => milestone.name === value.name)?.targets.map((target) => target.name) ?? [];
  const withOwn = (names: string[], own: string) => (own === '' || names.includes(own) ? names : [...names, own]);
  if (query.isSuccess && milestones.length === 0 && value.name === '') return <Alert color="yellow">{texts.noMilestones}</Alert>;
  return (
    <SimpleGrid cols={2}>
      <Select label={texts.milestone} error={nameFault} value={value.name === '' ? null : value.name} data={withOwn(milestones.map((milestone) => milestone.name), value.name)}
        onChange={(name) => set({ name: name ?? '', target: '' })} />
      <Select label={texts.target} error={targetFault} value={value.target === '' ? null : value.target} data={withOwn(targets, value.target)}
        onChange={(target) => set({ ...value, target: target ?? '' })} />
    </SimpleGrid>
  );
}

function Expiry() {
  const { draft, change } = useEditor();
  const expiry = draft.expiry ?? { type: 'with_promotion' };
  return (
    <Group align="start">
      <ChoiceField label={texts.expiry} at="/expiry/type" value={expiry.type} words={texts.expiries}
        onChange={(type) => change({ expiry: type === 'after_days' ? { type, days: 30 } : { type } })} />
      {expiry.type === 'after_days' && (
        <IntegerField label={texts.days} at="/expiry/days" value={expiry.days} w={120} onChange={(days) => change({ expiry: { ...expiry, days } })} />
      )}
    </Group>
  );
}

type Message = NonNullable<CommunicationInput['on_earning']>[number];

function Messages() {
  const { draft, change } = useEditor();
  const communication = draft.communication ?? {};
  const reminder = communication.expiry_reminder ?? null;
  const set = (part: CommunicationInput) => {
    const next = { ...communication, ...part };
    const isNothing = (next.on_earning?.length ?? 0) === 0 && next.expiry_reminder == null;
    change({ communication: isNothing ? null : next });
  };
  return (
    <>
      <Title order={3} size="h5">{texts.onEarning}</Title>
      <MessageList messages={communication.on_earning ?? []} at="/communication/on_earning" set={(messages) => set({ on_earning: messages })} />
      <Checkbox label={texts.reminder} checked={reminder !== null}
        onChange={(event) => set({ expiry_reminder: event.currentTarget.checked ? { days_before: 3, messages: [] } : null })} />
      {reminder !== null && (
        <>
          <IntegerField label={texts.reminderDays} at="/communication/expiry_reminder/days_before" value={reminder.days_before} w={220}
            onChange={(days) => set({ expiry_reminder: { ...reminder, days_before: days ?? 0 } })} />
          <MessageList messages={reminder.messages ?? []} at="/communication/expiry_reminder/messages"
            set={(messages) => set({ expiry_reminder: { ...reminder, messages } })} />
        </>
      )}
    </>
  );
}

function MessageList({ messages, at, set }: { messages: readonly Message[]; at: string; set: (messages: Message[]) => void }) {
  const put = (place: number, part: Partial<Message>) => set(messages.map((message, other) => (other === place ? { ...message, ...part } : message)));
  return (
    <Stack gap="xs">
      {messages.map((message, place) => (
        <Paper key={place} withBorder p="xs">
          <Group align="start" wrap="nowrap">
            <ChoiceField label={texts.channel} hideLabel at={`${at}/${place}/channel`} value={message.channel} words={texts.channels} w={110} onChange={(channel) => put(place, { channel })} />
            <WordField label={texts.template} hideLabel at={`${at}/${place}/template`} value={message.template} lookup={{ field: 'template' }} onChange={(template) => put(place, { template })} />
            <ActionIcon variant="subtle" color="gray" aria-label={texts.remove} onClick={() => set(messages.filter((_, other) => other !== place))}>
              <span aria-hidden>✕</span>
            </ActionIcon>
          </Group>
        </Paper>
      ))}
      <Group>
        <Anchor component="button" type="button" size="xs" onClick={() => set([...messages, { channel: 'sms', template: '' }])}>+ {texts.add}</Anchor>
      </Group>
    </Stack>
  );
}
