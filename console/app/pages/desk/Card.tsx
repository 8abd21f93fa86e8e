import { Paper, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function Card({ title, order = 2, children }: { title: string; order?: 2 | 3; children: ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={title}>
      <Title order={order} size={order === 2 ? 'h4' : 'h5'} mb={6} style={{ overflowWrap: 'anywhere' }}>{title}</Title>
      {children}
    </Paper>
  );
}

/** Names with their values; those without a value are left out. */
export function Facts({ rows, label }: { rows: readonly (readonly [string, ReactNode])[]; label: string }) {
  return (
    <Table variant="vertical" verticalSpacing={4} aria-label={label} layout="fixed">
      <Table.Tbody>
        {rows.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={500} w="38%" bg="transparent">{name}</Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
