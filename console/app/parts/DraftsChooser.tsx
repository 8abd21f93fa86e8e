import { MultiSelect } from '@mantine/core';

import { draftsChooser as texts } from '../texts/shared';
import { stateWords } from '../texts/words';
import { useChoices } from './drafts';

/** Chooses promotions that are not active, to be taken in, and active ones, to be left out. */
export function DraftsChooser({ taken, left, setTaken, setLeft }: {
  taken: readonly string[];
  left: readonly string[];
  setTaken: (ids: string[]) => void;
  setLeft: (ids: string[]) => void;
}) {
  const choices = useChoices().data ?? [];
  const option = ({ id, name, state }: (typeof choices)[number]) => ({ value: id, label: `${name} (${stateWords[state]})` });
  const idle = choices.filter(({ status, id }) => status !== 'active' || taken.includes(id));
  const active = choices.filter(({ status, id }) => status === 'active' || left.includes(id));
  return (
    <>
      <MultiSelect label={texts.with} data={idle.map(option)} value={[...taken]} onChange={setTaken} searchable clearable maxValues={20} />
      <MultiSelect label={texts.without} data={active.map(option)} value={[...left]} onChange={setLeft} searchable clearable />
    </>
  );
}
