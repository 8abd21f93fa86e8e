/** Asks before what was changed is lost. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useBlocker } from 'react-router';

import { editor as texts } from '../../texts/editor';

export function Leaving({ isDirty }: { isDirty: () => boolean }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => isDirty() && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => { if (isDirty()) event.preventDefault(); };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isDirty]);
  return (
    <Modal opened={blocker.state === 'blocked'} onClose={() => blocker.reset?.()} title={texts.leaveTitle}>
      <Stack>
        <Text size="sm">{texts.leaveText}</Text>
        <Group justify="end">
          <Button variant="default" onClick={() => blocker.reset?.()}>{texts.stay}</Button>
          <Button color="red" onClick={() => blocker.proceed?.()}>{texts.leave}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
