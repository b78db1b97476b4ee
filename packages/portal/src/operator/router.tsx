import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';

import { Empty, Failed, Loading } from '../shared/ui/states.tsx';
import { parseSearch, stringifySearch, type Search } from './search.ts';
import { Shell } from './shell/shell.tsx';

/** All pages, each loaded when it is first opened. */

const keep = (search: Record<string, unknown>): Search => search as Search;

const root = createRootRoute({ component: Outlet, validateSearch: keep });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

type Loaded<N extends string> = () => Promise<Record<N, ComponentType>>;

function page<P extends string, N extends string>(path: P, load: Loaded<N>, name: N) {
  return createRoute({
    getParentRoute: () => shell,
    path,
    validateSearch: keep,
    component: lazyRouteComponent(load, name),
  });
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: keep,
  component: lazyRouteComponent(() => import('./sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const pages = [
  page('/', () => import('./overview/overview-page.tsx'), 'OverviewPage'),
  page('/trail', () => import('./trail/trail-page.tsx'), 'TrailPage'),
  page('/executions', () => import('./executions/executions-page.tsx'), 'ExecutionsPage'),
  page(
    '/executions/$executionId',
    () => import('./executions/execution-page.tsx'),
    'ExecutionPage',
  ),
  page('/runs', () => import('./runs/runs-page.tsx'), 'RunsPage'),
  page('/runs/$runId', () => import('./runs/run-page.tsx'), 'RunPage'),
  page('/agents', () => import('./agents/agents-page.tsx'), 'AgentsPage'),
  page('/agents/$agentId', () => import('./agents/agent-page.tsx'), 'AgentPage'),
  page('/people', () => import('./people/people-page.tsx'), 'PeoplePage'),
  page('/people/$principalId', () => import('./people/person-page.tsx'), 'PersonPage'),
  page('/grants', () => import('./grants/grants-page.tsx'), 'GrantsPage'),
  page('/grants/$grantId', () => import('./grants/grant-page.tsx'), 'GrantPage'),
  page('/policies', () => import('./policies/policies-page.tsx'), 'PoliciesPage'),
  page('/policies/$policyId', () => import('./policies/policy-page.tsx'), 'PolicyPage'),
  page('/approvals', () => import('./approvals/approvals-page.tsx'), 'ApprovalsPage'),
  page('/verbs', () => import('./verbs/verbs-page.tsx'), 'VerbsPage'),
  page('/verbs/$verb', () => import('./verbs/verb-page.tsx'), 'VerbPage'),
  page('/destinations', () => import('./destinations/destinations-page.tsx'), 'DestinationsPage'),
  page(
    '/destinations/$destinationId',
    () => import('./destinations/destination-page.tsx'),
    'DestinationPage',
  ),
  page('/monitors', () => import('./monitors/monitors-page.tsx'), 'MonitorsPage'),
  page('/monitors/$monitorId', () => import('./monitors/monitor-page.tsx'), 'MonitorPage'),
  page('/evidence', () => import('./evidence/evidence-page.tsx'), 'EvidencePage'),
  page('/reports', () => import('./reports/reports-page.tsx'), 'ReportsPage'),
  page('/settings', () => import('./settings/settings-page.tsx'), 'SettingsPage'),
] as const;

const tree = root.addChildren([signIn, shell.addChildren(pages)]);

export const router = createRouter({
  routeTree: tree,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ({ error }) => <Failed error={error} />,
  defaultNotFoundComponent: () => (
    <Empty title="There is no such page">
      The address may be mistyped, or what it led to is gone.
    </Empty>
  ),
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
