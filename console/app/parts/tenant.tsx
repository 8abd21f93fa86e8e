/** What every page of a tenant needs: its zone, its currency, and its settings. */
import { createContext, use } from 'react';
import type { ReactNode } from 'react';

import { useSettings, useTenant } from '../api/queries';
import type { Settings } from '../api/queries';
import { Answer } from './states';

export interface Tenant {
  /** Null from a service that does not tell it. */
  name: string | null;
  zone: string;
  currency: string;
  settings: Settings;
}

const Context = createContext<Tenant | null>(null);

export function WithTenant({ children }: { children: ReactNode }) {
  const settings = useSettings();
  const tenant = useTenant();
  return (
    <Answer query={settings} needs="viewer">
      {(data) => (
        <Context value={{ name: tenant.data?.name ?? null, zone: data.timezone, currency: data.currency, settings: data }}>
          {children}
        </Context>
      )}
    </Answer>
  );
}

/** The tenant of the session. Pages of tenants are always inside `WithTenant`; the operator's are not. */
export function useOwnTenant(): Tenant {
  const tenant = use(Context);
  if (tenant === null) throw new Error('this page is not inside of WithTenant');
  return tenant;
}
