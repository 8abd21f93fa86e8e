import { ActionIcon, Button, CopyButton as Copy } from '@mantine/core';

import { states } from '../texts/frame';

/** Copies a text. With a label it is a button with words, otherwise a sign that has a name. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  return (
    <Copy value={text}>
      {({ copied, copy }) =>
        label === undefined ? (
          <ActionIcon size="sm" variant="subtle" title={copied ? states.copied : states.copy} onClick={copy} aria-label={copied ? states.copied : `${states.copy} ${text}`}>
              <span aria-hidden>{copied ? '✓' : '⧉'}</span>
            </ActionIcon>
        ) : (
          <Button size="xs" variant="default" onClick={copy}>{copied ? states.copied : label}</Button>
        )
      }
    </Copy>
  );
}
