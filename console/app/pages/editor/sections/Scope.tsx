/** Where, for whom, and how often. */
import { ActionIcon, Anchor, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';

import type { AudienceInput, ScopeInput } from '../../../api/schema';
import { scopeTexts as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { ChoiceField, ListField, TextField, WordField } from '../fields';
import { Limits } from './Limits';

export function Scope() {
  const { draft, change, currency } = useEditor();
  return (
    <Stack gap="md">
      <Title order={3} size="h5">{texts.where}</Title>
      <ScopeFields scope={draft.scope} at="/scope" onChange={(scope) => change({ scope })} />
      <Title order={3} size="h5">{texts.who}</Title>
      <Audience />
      <Title order={3} size="h5">{texts.limits}</Title>
      <Limits />
      <TextField label={texts.currency} description={texts.currencyHelp(currency)} at="/currency" value={draft.currency} w={220}
        onChange={(own) => change({ currency: own === '' ? null : own.toUpperCase() })} />
    </Stack>
  );
}

export function ScopeFields({ scope, at, onChange }: { scope: ScopeInput | null | undefined; at: string; onChange: (scope: ScopeInput) => void }) {
  const set = (part: Partial<ScopeInput>) => onChange({ ...scope, ...part });
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">{texts.everywhere}</Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <ListField label={texts.stores} at={`${at}/stores`} value={scope?.stores} lookup={{ field: 'store' }} files onChange={(stores) => set({ stores })} />
        <ListField label={texts.concepts} at={`${at}/concepts`} value={scope?.concepts} lookup={{ field: 'concept' }} onChange={(concepts) => set({ concepts })} />
        <ListField label={texts.zones} at={`${at}/zones`} value={scope?.zones} lookup={{ field: 'zone' }} onChange={(zones) => set({ zones })} />
        <ListField label={texts.channels} at={`${at}/channels`} value={scope?.channels} lookup={{ field: 'channel' }} onChange={(channels) => set({ channels })} />
      </SimpleGrid>
    </Stack>
  );
}

type Program = NonNullable<AudienceInput['programs']>[number];

function Audience() {
  const { draft, change } = useEditor();
  const fault = useFault('/audience');
  const audience: AudienceInput = draft.audience ?? { type: 'all' };
  const programs = audience.programs ?? [];
  const set = (part: Partial<AudienceInput>) => change({ audience: { ...audience, ...part } });
  const put = (place: number, part: Partial<Program>) => set({ programs: programs.map((old, other) => (other === place ? { ...old, ...part } : old)) });
  return (
    <Stack gap="xs">
      <ChoiceField label={texts.audience} at="/audience/type" value={audience.type} words={texts.audiences} w={260}
        onChange={(type) => change({ audience: type === 'loyalty' ? { type, programs, groups: audience.groups ?? [] } : { type, groups: audience.groups ?? [] } })} />
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
      {audience.type === 'loyalty' && (
        <>
          {programs.map((program, place) => (
            <Paper key={place} withBorder p="xs">
              <Group align="start" wrap="nowrap" grow preventGrowOverflow={false}>
                <WordField label={texts.program} at={`/audience/programs/${place}/program`} value={program.program} lookup={{ field: 'program' }} onChange={(name) => put(place, { program: name })} />
                <ListField label={texts.tiers} at={`/audience/programs/${place}/tiers`} value={program.tiers} lookup={{ field: 'tier' }} onChange={(tiers) => put(place, { tiers })} />
                <ListField label={texts.supplementary} at={`/audience/programs/${place}/supplementary`} value={program.supplementary} lookup={{ field: 'supplementary' }}
                  onChange={(supplementary) => put(place, { supplementary })} />
                <ActionIcon variant="subtle" color="gray" aria-label={texts.removeProgram} maw={28} mt={26}
                  onClick={() => set({ programs: programs.filter((_, other) => other !== place) })}>
                  <span aria-hidden>✕</span>
                </ActionIcon>
              </Group>
            </Paper>
          ))}
          <Group>
            <Anchor component="button" type="button" size="xs" onClick={() => set({ programs: [...programs, { program: '', tiers: [], supplementary: [] }] })}>+ {texts.addProgram}</Anchor>
          </Group>
        </>
      )}
      <ListField label={texts.groups} at="/audience/groups" value={audience.groups} lookup={{ field: 'group' }} files onChange={(groups) => set({ groups })} />
    </Stack>
  );
}
