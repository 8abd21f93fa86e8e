/** The root of all pages: the sign-in, or the frame around the page that was asked for. */
import { Alert, Button, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Navigate, useRouteError } from 'react-router';

import { ApiProblem } from '../api/problem';
import { takeKeyFromAddress, useFarewell, useSession } from '../api/session';
import type { Role } from '../api/session';
import { NAVIGATION } from '../navigation';
import { frame, signIn, states } from '../texts/frame';
import { Shell } from './Shell';
import { SignIn } from './SignIn';
import { Failed } from '../parts/states';

/** Taken when the program is loaded, before anything is shown. */
let offered = takeKeyFromAddress();

/** It signs in once: who signs out stays signed out. */
function takeOffered(): string | null {
  const key = offered;
  offered = null;
  return key;
}

export function Root() {
  const session = useSession();
  const isRefused = useFarewell() === 'refused';
  if (session === null) return <SignIn takeOffered={takeOffered} />;
  return (
    <>
      <Shell key={session.tenant} session={session} />
      {/* It covers dialogs and notes too. Behind it the page stays as it is, with all that was entered. */}
      <Modal
        opened={isRefused} onClose={() => undefined} fullScreen withCloseButton={false} closeOnEscape={false} zIndex={1000} transitionProps={{ duration: 0 }}
        attributes={{ content: { 'aria-label': signIn.title } }}
      >
        <SignIn takeOffered={takeOffered} />
      </Modal>
    </>
  );
}

/** The first page that the role has. */
export function Home() {
  const session = useSession();
  const entries = NAVIGATION.flatMap((group) => group.entries);
  const first = entries.find((entry) => session !== null && entry.roles.includes(session.role));
  return first === undefined ? null : <Navigate to={first.path} replace />;
}

/** Names the browser's tab, and keeps out whoever has not the role. */
export function Titled({ tab, needs, children }: { tab: string; needs?: Role | undefined; children: ReactNode }) {
  const session = useSession();
  useEffect(() => { document.title = `${tab} · ${frame.name}`; }, [tab]);
  const isAllowed = needs === undefined || session?.role === needs || (needs === 'viewer' && session?.role === 'admin');
  return isAllowed ? children : <Failed error={new ApiProblem(403, 'forbidden', '', null)} needs={needs} />;
}

/** A page failed to load or to draw. Often a newer console has taken the place of the one that is open. */
export function PageFailed() {
  const error = useRouteError();
  return (
    <Alert color="red" title={states.pageTitle} role="alert" m="md">
      <Stack gap="xs" align="start">
        <Text size="sm">{states.page}</Text>
        <Text size="xs" c="dimmed">{error instanceof Error ? error.message : String(error)}</Text>
        <Button size="xs" onClick={() => location.reload()}>{states.reload}</Button>
      </Stack>
    </Alert>
  );
}
