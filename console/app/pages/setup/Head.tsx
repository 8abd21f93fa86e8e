import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function Head({ title, explain, children }: { title: string; explain: string; children?: ReactNode }) {
  return (
    <Group justify="space-between" align="start">
      <div style={{ maxWidth: 640 }}>
        <Title order={1} size="h2">{title}</Title>
        <Text size="sm" c="dimmed">{explain}</Text>
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
