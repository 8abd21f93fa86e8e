import { Anchor, Code, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { asProblem, problemOf } from '../../api/problem';
import { Answer } from '../../parts/states';
import { about } from '../../texts/about';

interface License {
  name: string;
  version: string;
  identifier: string | null;
  text: string | null;
}

async function licenses(): Promise<License[]> {
  const response = await fetch(`${import.meta.env.BASE_URL}licenses.json`).catch((error: unknown) => {
    throw asProblem(error);
  });
  if (!response.ok) throw problemOf(response, null);
  return (await response.json()) as License[];
}

export default function About() {
  const query = useQuery({ queryKey: ['licenses'], queryFn: licenses, staleTime: Infinity });
  return (
    <Stack maw={800}>
      <Title order={1} size="h2">{about.title}</Title>
      <Text>{about.what}</Text>
      <Anchor href="/docs">{about.api}</Anchor>
      <Title order={2} size="h3">{about.licenses}</Title>
      <Answer query={query}>
        {(found) => (
          <>
            <Text size="sm" c="dimmed">{about.licensesText(found.length)}</Text>
            <Table>
              <Table.Thead>
                <Table.Tr><Table.Th>{about.packages}</Table.Th><Table.Th>{about.license}</Table.Th></Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((entry) => (
                  <Table.Tr key={`${entry.name} ${entry.version}`}>
                    <Table.Td style={{ verticalAlign: 'top' }}>{entry.name} {entry.version}</Table.Td>
                    <Table.Td>
                      {entry.text === null ? entry.identifier : (
                        <details>
                          <summary>{entry.identifier ?? about.text}</summary>
                          <Code block tabIndex={0}>{entry.text}</Code>
                        </details>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </>
        )}
      </Answer>
    </Stack>
  );
}
