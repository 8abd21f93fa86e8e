/** A secret that is shown once. */
import { Alert, Code, Group, Text } from '@mantine/core';

import { CopyButton } from './CopyButton';

export function Secret({ explain, secret, copy }: { explain: string; secret: string; copy: string }) {
  return (
    <Alert color="green" role="status">
      <Text size="sm" mb={6}>{explain}</Text>
      <Group gap="xs" align="center">
        <Code style={{ overflowWrap: 'anywhere', userSelect: 'all' }}>{secret}</Code>
        <CopyButton text={secret} label={copy} />
      </Group>
    </Alert>
  );
}
