import { Alert, Box, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { asProblem } from '../api/problem';
import { queries } from '../api/queries';
import { sessionOf, WrongRole } from '../api/role';
import { begin, useFarewell, useSession } from '../api/session';
import { frame, signIn } from '../texts/frame';
import { Failed } from '../parts/states';

/** Why a key was not taken: words of ours, or a failure that is shown as any other. */
type Refusal = { words: string } | { failure: unknown };

function refusalOf(error: unknown): Refusal {
  if (error instanceof WrongRole) return { words: signIn.wrongRole };
  const problem = asProblem(error);
  if (problem.code === 'tenant_suspended') return { words: signIn.suspended };
  return problem.status === 401 ? { words: signIn.unknown } : { failure: error };
}

/** Asks for a key. What came in the address is tried at once. */
export function SignIn({ takeOffered }: { takeOffered: () => string | null }) {
  const [key, setKey] = useState('');
  const former = useSession();
  const { mutate, isPending: isTrying, error } = useMutation({
    mutationFn: async (tried: string) => {
      const session = await sessionOf(tried);
      const isSame = former?.tenant === session.tenant;
      if (!isSame) queries.clear();
      begin(session);
      // What was refused meanwhile is asked again.
      if (isSame) void queries.invalidateQueries();
    },
  });
  const refusal = error === null ? null : refusalOf(error);
  const farewell = useFarewell();

  useEffect(() => {
    const offered = takeOffered();
    if (offered !== null) mutate(offered);
  }, [takeOffered, mutate]);

  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w={460} radius="md">
        <form onSubmit={(event) => { event.preventDefault(); if (key.trim() !== '') mutate(key.trim()); }}>
          <Stack>
            <Box>
              <Text c="dimmed" size="sm">{frame.name}</Text>
              <Title order={1} size="h2">{signIn.title}</Title>
            </Box>
            {farewell === 'refused' && refusal === null && <Alert color="orange" role="alert">{signIn.refused}</Alert>}
            {farewell === 'signed_out' && refusal === null && <Alert color="gray" role="status">{signIn.signedOut}</Alert>}
            <Text size="sm">{signIn.explain}</Text>
            <PasswordInput
              label={signIn.key} description={signIn.keyHelp} value={key} autoComplete="off" spellCheck={false} data-mantine-stop-propagation
              onChange={(event) => setKey(event.currentTarget.value)} data-autofocus
            />
            {refusal !== null && 'words' in refusal && <Alert color="red" role="alert">{refusal.words}</Alert>}
            {refusal !== null && 'failure' in refusal && <Failed error={refusal.failure} needs="viewer" />}
            <Button type="submit" loading={isTrying} disabled={key.trim() === ''}>{signIn.go}</Button>
            {isTrying && <Text size="sm" role="status">{signIn.trying}</Text>}
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
