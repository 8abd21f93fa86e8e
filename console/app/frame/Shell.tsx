/** The frame around every page: the tenant and its zone above, the navigation beside. */
import {
  ActionIcon, AppShell, Badge, Burger, Button, Group, NavLink as Item, ScrollArea, Text, useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense, useEffect } from 'react';
import { Link, Outlet, useLocation, useNavigation } from 'react-router';

import { queries } from '../api/queries';
import { signOut } from '../api/session';
import type { Role, Session } from '../api/session';
import { NAVIGATION } from '../navigation';
import { frame, states } from '../texts/frame';
import { zoneName } from '../time/zone';
import { Loading } from '../parts/states';
import { useOwnTenant, WithTenant } from '../parts/tenant';

export function Shell({ session }: { session: Session }) {
  return session.role === 'operator' ? (
    <Frame session={session} name={frame.role.operator} zone="UTC" />
  ) : (
    <WithTenant><TenantFrame session={session} /></WithTenant>
  );
}

function TenantFrame({ session }: { session: Session }) {
  const tenant = useOwnTenant();
  return <Frame session={session} name={tenant.name ?? frame.name} zone={tenant.zone} />;
}

function Frame({ session, name, zone }: { session: Session; name: string; zone: string }) {
  const [isOpen, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const isMoving = useNavigation().state === 'loading';
  const { close } = menu;
  useEffect(() => close(), [pathname, close]);
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding="md">
      <a href="#content" className="skip-link">{frame.skip}</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={isOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={frame.menu} />
            <Text fw={600} truncate>{name}</Text>
            <Badge variant="default" tt="none" fw={400} visibleFrom="xs" title={frame.zone(zone)}>{zoneName(zone)}</Badge>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Badge variant="light" tt="none" visibleFrom="sm" title={frame.role[session.role]}>{session.role}</Badge>
            <SchemeSwitch />
            <Button variant="default" size="compact-sm" onClick={() => { queries.clear(); signOut(); }}>
              {frame.signOut}
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={frame.navigation} component="nav">
        <ScrollArea><Items role={session.role} pathname={pathname} /></ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }} aria-busy={isMoving}>
        <Suspense fallback={<Loading what={states.loading} />}><Outlet /></Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function Items({ role, pathname }: { role: Role; pathname: string }) {
  return NAVIGATION.map((group) => {
    const entries = group.entries.filter((entry) => entry.roles.includes(role));
    return entries.length > 0 && (
      <div key={group.label} role="group" aria-label={group.label}>
        <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm">{group.label}</Text>
        {entries.map((entry) => {
          const isHere = pathname === entry.path || pathname.startsWith(`${entry.path}/`);
          return (
            <Item
              key={entry.path} component={Link} to={entry.path} label={entry.label} active={isHere}
              aria-current={isHere ? 'page' : undefined} style={{ borderRadius: 6 }}
            />
          );
        })}
      </div>
    );
  });
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const label = scheme === 'dark' ? frame.light : frame.dark;
  return (
    <ActionIcon variant="default" title={label} aria-label={label} onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}>
      <span aria-hidden>{scheme === 'dark' ? '☀' : '☾'}</span>
    </ActionIcon>
  );
}
