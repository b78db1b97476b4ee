import {
  Actions,
  Broker,
  createEgress,
  createEgressGuard,
  createPolicyEngine,
  IdTokens,
  LocalActions,
  Minter,
  TokenExchange,
  OAuthClient,
  TokenKeeper,
  type Egress,
  type EgressGuard,
} from '@affidavit/vault';
import type { Logger } from 'pino';

import { StoredBegunActions } from '../actions/begun.ts';
import { StoredActionKeys } from '../actions/keys.ts';
import { StoredApprovals } from '../approvals/approvals.ts';
import type { Config } from '../config/config.ts';
import { StoredTokens } from '../grants/stored-tokens.ts';
import { StoredCallTrail } from '../ingest/call-trail.ts';
import { StoredTokenTrail } from '../ingest/token-trail.ts';
import type { OAuthServices } from '../services.ts';
import { StoredRates } from '../rates/rates.ts';
import type { OpenLedger } from './ledger.ts';

/** What opens credentials and makes calls. */
export interface OpenVault {
  readonly broker: Broker;
  readonly minter: Minter;
  readonly approvals: StoredApprovals;
  readonly actions: Actions;
  readonly localActions: LocalActions;
  readonly callTrail: StoredCallTrail;
  readonly tokenTrail: StoredTokenTrail;
  readonly guard: EgressGuard;
  readonly egress: Egress;
  readonly oauth: OAuthServices;
  readonly idTokens: IdTokens;
}

export function openVault(config: Config, ledger: OpenLedger, journal: Logger): OpenVault {
  const { directory, trail, processId, keyring } = ledger;
  const callTrail = new StoredCallTrail(trail, processId, Date.now, journal);
  const guard = createEgressGuard({ allow: config.egress_allow });
  const egress = createEgress({ guard });
  const tokenTrail = new StoredTokenTrail(trail, Date.now);
  const oauth = openOAuth(ledger, { egress, guard }, tokenTrail, journal);
  const engine = createPolicyEngine();
  const now = () => new Date();
  const { readers } = ledger;
  const approvals = new StoredApprovals({
    trail,
    directory,
    readers,
    keyring,
    now: Date.now,
    journal,
  });
  const rates = new StoredRates({ directory, now: Date.now, random: Math.random });
  const broker = new Broker({
    directory,
    trail: callTrail,
    egress,
    guard,
    engine,
    keyring: () => keyring,
    tokens: oauth.tokens,
    exchange: oauth.exchange,
    now,
    approvals,
    rates,
  });
  const minter = new Minter({ directory, trail: tokenTrail, engine, now });
  const keys = new StoredActionKeys(directory, Date.now);
  const actions = new Actions({
    broker,
    directory,
    keys,
    trail: callTrail,
    keyring: () => keyring,
  });
  approvals.carryOutBy('call', (run) => broker.resume(run));
  approvals.carryOutBy('action', (run) => actions.resume(run));
  const idTokens = new IdTokens({ egress, guard }, Date.now);
  const localActions = new LocalActions({
    directory,
    trail: callTrail,
    keys,
    begun: new StoredBegunActions(directory),
    engine,
    rates,
    keyring: () => keyring,
    now,
  });
  const made = { localActions, broker, minter, approvals, actions, callTrail, tokenTrail };
  return { ...made, guard, egress, oauth, idTokens };
}

function openOAuth(
  { directory, trail, processId, keyring }: OpenLedger,
  way: { readonly egress: Egress; readonly guard: EgressGuard },
  tokenTrail: StoredTokenTrail,
  journal: Logger,
): OAuthServices {
  const now = Date.now;
  const client = new OAuthClient(way, now);
  const store = new StoredTokens({ directory, trail, processId, now, journal });
  const tokens = new TokenKeeper({ store, client, keyring: () => keyring, now });
  const exchange = new TokenExchange({
    client,
    trail: tokenTrail,
    keyring: () => keyring,
    now: () => new Date(),
  });
  return { client, store, tokens, exchange };
}
