/** The button of a row that removes it, and asks before. */
import { Text } from '@mantine/core';

import { Ask } from './Ask';

interface RemoveTexts {
  remove: string;
  removeOf: (name: string) => string;
  removeTitle: (name: string) => string;
  removeText: string;
}

interface Removing {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  mutateAsync: (name: string) => Promise<unknown>;
}

export function Remove({ name, texts, by }: { name: string; texts: RemoveTexts; by: Removing }) {
  return (
    <Ask size="compact-xs" button={texts.remove} label={texts.removeOf(name)} title={texts.removeTitle(name)} go={texts.remove} onGo={() => by.mutateAsync(name)} doing={by}>
      <Text size="sm">{texts.removeText}</Text>
    </Ask>
  );
}
