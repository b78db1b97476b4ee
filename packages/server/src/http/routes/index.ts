import type { Route } from '../route.ts';
import { actionRoutes } from './actions.ts';
import { activityRoutes } from './activity.ts';
import { agentRoutes } from './agents.ts';
import { appRoutes } from './apps.ts';
import { approvalRoutes } from './approvals.ts';
import { callRoutes } from './calls.ts';
import { callerRoutes } from './callers.ts';
import { connectRoutes } from './connect.ts';
import { delegationRoutes } from './delegations.ts';
import { destinationRoutes } from './destinations.ts';
import { erasureRoutes } from './erasures.ts';
import { eventRoutes } from './events.ts';
import { grantRoutes } from './grants.ts';
import { healthRoutes } from './health.ts';
import { holdRoutes } from './holds.ts';
import { identityProviderRoutes } from './identity-provider.ts';
import { keyRoutes } from './keys.ts';
import { ledgerRoutes } from './ledger.ts';
import { monitorRoutes } from './monitors.ts';
import { operatorRoutes } from './operators.ts';
import { pageRoutes } from './pages.ts';
import { policyRoutes } from './policies.ts';
import { providerRoutes } from './providers.ts';
import { reportRoutes } from './report.ts';
import { complianceRoutes } from './reports.ts';
import { retentionRoutes } from './retention.ts';
import { secretRoutes } from './secrets.ts';
import { sessionRoutes } from './sessions.ts';
import { signInRoutes } from './sign-in.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { subjectRoutes } from './subjects.ts';
import { tokenRoutes } from './tokens.ts';
import { verbRoutes } from './verbs.ts';
import { verifyRoutes } from './verify.ts';
import { walletRoutes } from './wallet.ts';
import { whoamiRoutes } from './whoami.ts';
import { witnessRoutes } from './witnesses.ts';

/** Every route there is: served, described and tested from this one list. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...callRoutes,
  ...tokenRoutes,
  ...actionRoutes,
  ...reportRoutes,
  ...eventRoutes,
  ...complianceRoutes,
  ...activityRoutes,
  ...subjectRoutes,
  ...ledgerRoutes,
  ...signingKeyRoutes,
  ...verifyRoutes,
  ...witnessRoutes,
  ...providerRoutes,
  ...secretRoutes,
  ...connectRoutes,
  ...grantRoutes,
  ...delegationRoutes,
  ...policyRoutes,
  ...approvalRoutes,
  ...verbRoutes,
  ...appRoutes,
  ...agentRoutes,
  ...keyRoutes,
  ...whoamiRoutes,
  ...sessionRoutes,
  ...signInRoutes,
  ...operatorRoutes,
  ...identityProviderRoutes,
  ...callerRoutes,
  ...retentionRoutes,
  ...holdRoutes,
  ...erasureRoutes,
  ...destinationRoutes,
  ...monitorRoutes,
  ...walletRoutes,
  ...pageRoutes,
];
