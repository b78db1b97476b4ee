import type { Route } from '../route.ts';
import { accessRoutes } from './access.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { ledgerRoutes } from './ledger.ts';
import { vaultRoutes } from './vault.ts';

/** Every route there is: served, described and tested from this one list. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...eventRoutes,
  ...ledgerRoutes,
  ...vaultRoutes,
  ...accessRoutes,
];
