/** How it goes together with others. */
import { Checkbox, Stack } from '@mantine/core';

import type { StackingInput } from '../../../api/schema';
import { stackingTexts as texts } from '../../../texts/editor';
import { useEditor } from '../context';
import { IntegerField, ListField, TextField } from '../fields';

export function StackingFields() {
  const { draft, change } = useEditor();
  const stacking = draft.stacking ?? {};
  const set = (part: Partial<StackingInput>) => change({ stacking: { ...stacking, ...part } });
  return (
    <Stack gap="md">
      <IntegerField label={texts.sequence} description={texts.sequenceHelp} at="/sequence" value={draft.sequence ?? 100} w={260} onChange={(sequence) => change({ sequence })} />
      <Checkbox label={texts.exclusive} checked={stacking.exclusive === true} onChange={(event) => set({ exclusive: event.currentTarget.checked })} />
      <Checkbox label={texts.further} checked={stacking.allow_further !== false} onChange={(event) => set({ allow_further: event.currentTarget.checked })} />
      <ListField label={texts.tags} at="/stacking/tags" value={stacking.tags} onChange={(tags) => set({ tags })} />
      <ListField label={texts.notWith} at="/stacking/not_with" value={stacking.not_with} onChange={(tags) => set({ not_with: tags })} />
      <TextField label={texts.group} description={texts.groupHelp} at="/stacking/group" value={stacking.group} onChange={(group) => set({ group: group === '' ? null : group })} />
    </Stack>
  );
}
