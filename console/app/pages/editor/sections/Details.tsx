import { Alert, Checkbox, Radio, SimpleGrid, Stack } from '@mantine/core';

import type { PromotionType } from '../../../api/schema';
import { ZonedTime } from '../../../parts/ZonedTime';
import { details as texts, editor } from '../../../texts/editor';
import { typeExplained, typeWords } from '../../../texts/words';
import { useEditor, useFault } from '../context';
import { withType } from '../draft';
import { TextField, WordField } from '../fields';
import { ScheduleFields } from './Schedule';

const TYPES = Object.keys(typeWords) as PromotionType[];

export function Details() {
  const { draft, change, zone, isLocked } = useEditor();
  const [starts, ends] = [useFault('/starts_at'), useFault('/ends_at')];
  const type = useFault('/type');
  return (
    <Stack gap="md">
      <TextField label={texts.name} at="/name" value={draft.name} onChange={(name) => change({ name })} />
      <Radio.Group label={texts.type} value={draft.type} error={type} description={isLocked ? editor.locked : undefined}
        onChange={(chosen) => { const next = TYPES.find((known) => known === chosen); if (next) change(withType(draft, next)); }}>
        <Stack gap={6} mt={6}>
          {TYPES.map((known) => <Radio key={known} value={known} disabled={isLocked} label={typeWords[known]} description={typeExplained[known]} />)}
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <ZonedTime label={texts.starts} value={draft.starts_at} zone={zone} error={starts} disabled={isLocked} onChange={(at) => change({ starts_at: at })} />
        <ZonedTime label={texts.ends} value={draft.ends_at} zone={zone} error={ends} onChange={(at) => change({ ends_at: at })} />
      </SimpleGrid>
      {isLocked && <Alert color="blue" p="xs">{editor.locked}</Alert>}
      <ScheduleFields />
      <WordField label={texts.campaign} description={texts.campaignHelp} at="/campaign" value={draft.campaign} lookup={{ field: 'campaign' }}
        onChange={(campaign) => change({ campaign: campaign === '' ? null : campaign })} />
      <TextField label={texts.description} description={texts.descriptionHelp} at="/description" rows={2} value={draft.description}
        onChange={(description) => change({ description })} />
      <Checkbox label={texts.activation} description={texts.activationHelp} checked={draft.activation_required === true}
        onChange={(event) => change({ activation_required: event.currentTarget.checked })} />
    </Stack>
  );
}
