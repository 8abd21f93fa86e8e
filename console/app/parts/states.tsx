/** What a page shows while it waits, when a call fails, and when there is nothing yet. */
import { Alert, Button, Center, Code, Group, Loader, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { asProblem } from '../api/problem';
import type { ApiProblem } from '../api/problem';
import type { Role } from '../api/session';
import { CopyButton } from './CopyButton';
import { states } from '../texts/frame';

export function Loading({ what }: { what?: string }) {
  return (
    <Center p="xl" role="status">
      <Loader size="sm" aria-hidden />
      <Text ml="sm" c="dimmed">{what ?? states.loading}</Text>
    </Center>
  );
}

/** Title and explanation of a failed call. `needs` is the role that the page asks for. */
export function explained(problem: ApiProblem, needs: Role = 'admin'): { title: string; text: string } {
  if (problem.status === 0) return { title: states.noAnswerTitle, text: states.noAnswer };
  if (problem.code === 'outcome_unknown') return { title: states.unsureTitle, text: states.unsure };
  if (problem.status === 401) return { title: states.signedOutTitle, text: states.signedOut };
  if (problem.status === 503) return { title: states.busyTitle, text: states.busy };
  if (problem.status === 429) return { title: states.tooManyTitle, text: states.tooMany };
  if (problem.status === 403) return { title: states.forbiddenTitle, text: states.forbidden(states.roles[needs]) };
  if (problem.status === 404) return { title: states.missingTitle, text: states.missing };
  return { title: states.failedTitle, text: problem.message };
}

/** A failed call: what it means, what to do, and the request's id for whoever looks into the logs. */
export function Failed({ error, needs, retry }: { error: unknown; needs?: Role; retry?: () => void }) {
  const problem = asProblem(error);
  const { title, text } = explained(problem, needs);
  return (
    <Alert color={problem.status === 403 || problem.status === 404 ? 'blue' : 'red'} title={title} role="alert" my="md">
      <Stack gap="xs">
        <Text size="sm">{text}</Text>
        {problem.faults.length > 0 && (
          <ul style={{ margin: 0, paddingInlineStart: '1.2em' }}>
            {problem.faults.map((fault) => (
              <li key={`${fault.pointer} ${fault.code}`}><Code>{fault.pointer}</Code> {fault.message}</li>
            ))}
          </ul>
        )}
        <Group gap="sm">
          {retry !== undefined && <Button size="xs" variant="light" onClick={retry}>{states.retry}</Button>}
          {problem.requestId !== null && (
            <Group gap={6}>
              <Text size="xs" c="dimmed">{states.requestId} <Code>{problem.requestId}</Code></Text>
              <CopyButton text={problem.requestId} />
            </Group>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

/** Nothing is here yet: what this is, and the first step. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Center py={60}>
      <Stack align="center" maw={480} gap="sm">
        <Title order={2} size="h3" ta="center">{title}</Title>
        {children !== undefined && <Text c="dimmed" ta="center">{children}</Text>}
        {action}
      </Stack>
    </Center>
  );
}

/** The states of a query around what shows its data. Older data stays visible while a newer answer fails. */
export function Answer<T>({ query, needs, children }: {
  query: UseQueryResult<T>;
  needs?: Role;
  children: (data: T) => ReactNode;
}) {
  const failed = query.isError && (
    <Failed error={query.error} {...(needs && { needs })} retry={() => void query.refetch()} />
  );
  if (query.data === undefined) return failed || <Loading />;
  return <>{failed}{children(query.data)}</>;
}
