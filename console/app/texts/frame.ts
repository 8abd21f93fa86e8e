/** The texts of the frame: sign-in, navigation, and what every page says when it waits, fails or is empty. */
import type { Role } from '../api/session';

export const frame = {
  name: 'Promotions',
  skip: 'Skip to the content',
  menu: 'Menu',
  navigation: 'Main navigation',
  signOut: 'Sign out',
  about: 'About',
  light: 'Use light colors',
  dark: 'Use dark colors',
  zone: (zone: string) => `All times are in ${zone}`,
  role: {
    admin: 'Admin',
    viewer: 'Viewer: looks, and changes nothing',
    operator: 'Operator',
  } satisfies Record<Role, string>,
  groups: { work: 'Promotions', look: 'Understand', setUp: 'Set-up', service: 'Service' },
} as const;

export const signIn = {
  title: 'Sign in',
  explain: 'Paste a key of your tenant. An admin’s key makes changes, a viewer’s key looks, the operator’s key manages tenants.',
  key: 'Key',
  keyHelp: 'It stays in this tab, and is forgotten when you sign out or close the tab.',
  go: 'Sign in',
  trying: 'Trying the key…',
  refused: 'The key is not valid any more: it was revoked. Nothing that you have entered is lost: sign in with another key to go on where you were.',
  signedOut: 'You are signed out. Nothing of your session is left in this browser.',
  unknown: 'This key is not known. Check that all of it was copied, or ask for a new one.',
  suspended: 'This tenant is suspended. The operator of the service can open it again.',
  wrongRole: 'This key is for tills or for issuing. The console needs the key of an admin, a viewer or the operator.',
} as const;

export const states = {
  loading: 'Loading…',
  retry: 'Try again',
  requestId: 'Request',
  copy: 'Copy',
  copied: 'Copied',
  close: 'Close',
  noAnswerTitle: 'The service does not answer',
  noAnswer: 'Nothing that you have entered here is lost. Check your connection, then try again.',
  signedOutTitle: 'This was not done: your key was refused',
  signedOut: 'Nothing that you have entered here is lost. Now that you are signed in again, do it once more.',
  busyTitle: 'The service cannot do this right now',
  busy: 'Nothing was lost and nothing was changed. Try again in a moment.',
  unsureTitle: 'It is not certain whether this was done',
  unsure: 'The service failed while it saved. Look at what is there now before you do it again.',
  forbiddenTitle: 'Your key may not do this',
  forbidden: (role: string) => `This needs the role ${role}. Ask someone who has such a key.`,
  missingTitle: 'There is no such thing here',
  missing: 'It may have been removed, or the address is not complete.',
  tooManyTitle: 'Too many requests',
  tooMany: 'Wait a moment, then try again.',
  failedTitle: 'This did not work',
  pageTitle: 'This page could not be opened',
  page: 'The console may have been replaced by a newer one. Load it anew.',
  reload: 'Load anew',
  roles: { admin: 'admin', viewer: 'admin or viewer', operator: 'operator' } satisfies Record<Role, string>,
} as const;
