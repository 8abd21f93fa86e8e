/** Asks before something that cannot be taken back. */
import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';

import { shared } from '../texts/shared';
import { Failed } from './states';

interface Doing {
  isPending: boolean;
  isError: boolean;
  error: unknown;
}

export function Ask({ button, title, children, go, onGo, doing, variant = 'default', label, size = 'xs', color = 'red', disabled = false }: {
  button: string;
  title: string;
  children?: ReactNode;
  /** What the button that does it says. */
  go: string;
  /** It closes when this has gone well. */
  onGo: () => Promise<unknown>;
  doing: Doing;
  variant?: string;
  /** The name of the first button for those who do not see what it stands beside. */
  label?: string;
  size?: string;
  color?: string;
  disabled?: boolean;
}) {
  const [isOpen, dialog] = useDisclosure(false);
  // A refusal is shown in the dialog.
  const act = () => void onGo().then(dialog.close, () => undefined);
  return (
    <>
      <Button size={size} variant={variant} onClick={dialog.open} aria-label={label} disabled={disabled}>{button}</Button>
      <Modal opened={isOpen} onClose={dialog.close} title={title}>
        <Stack>
          {children}
          {doing.isError && <Failed error={doing.error} />}
          <Group justify="end">
            <Button variant="default" onClick={dialog.close}>{shared.cancel}</Button>
            <Button color={color} onClick={act} loading={doing.isPending}>{go}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
