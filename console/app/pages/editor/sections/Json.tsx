/** The document itself. What is typed is taken as soon as it is JSON. */
import { Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';

import { json as texts } from '../../../texts/editor';
import { useEditor } from '../context';
import type { Draft } from '../draft';

function read(text: string): { draft: Draft } | { fault: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: '{ … }' };
    return { draft: value as Draft };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

export function Json({ replace }: { replace: (draft: Draft) => void }) {
  const { draft } = useEditor();
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  return (
    <Stack gap="xs">
      <Textarea
        label={texts.label} description={texts.help} value={typed ?? JSON.stringify(draft, null, 2)} rows={28} spellCheck={false}
        error={fault === null ? undefined : texts.broken(fault)} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          const found = read(text);
          setFault('fault' in found ? found.fault : null);
          if ('draft' in found) replace(found.draft);
        }}
        onBlur={() => { if (fault === null) setTyped(null); }}
      />
      <OwnFaults />
    </Stack>
  );
}

/** Faults of places that no other part shows are said here too. */
function OwnFaults() {
  const { faults } = useEditor();
  return faults.map((fault) => <Text key={`${fault.pointer} ${fault.code}`} size="xs" c="red">{fault.pointer === '' ? '/' : fault.pointer}: {fault.message}</Text>);
}
