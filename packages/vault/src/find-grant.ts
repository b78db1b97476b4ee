import { AffidavitError, type CallBody } from '@affidavit/schema';

import type { AppRef, Directory, Grant, Provider } from './ports.ts';

interface Asker {
  readonly app: AppRef;
  readonly actor: {
    readonly type: 'agent' | 'service';
    readonly id: string;
    readonly token?: { readonly grant_id: string };
  };
  readonly body: Pick<CallBody, 'grant_id' | 'provider' | 'principal_id'>;
}

/** The grant that a call names, or the one that fits when it names only a provider. */
export async function findGrant(
  directory: Directory,
  asker: Asker,
): Promise<{ grant: Grant; provider: Provider }> {
  const { app, body } = asker;
  const grant =
    body.grant_id === undefined
      ? await grantOnProvider(directory, asker)
      : await namedGrant(directory, app.app, body.grant_id);
  if (body.provider !== undefined && body.provider !== grant.provider) {
    throw new AffidavitError('invalid_request', `the grant is for ${grant.provider}`, {
      field: 'provider',
      expected: grant.provider,
    });
  }
  const provider = await directory.provider(app.app, grant.provider);
  if (!provider) throw missing('provider', grant.provider);
  return { grant, provider };
}

function missing(field: string, id: string): AffidavitError {
  return new AffidavitError('not_found', `there is no ${field.replace('_id', '')} ${id}`, {
    field,
  });
}

async function namedGrant(directory: Directory, app: number, grantId: string): Promise<Grant> {
  const grant = await directory.grant(app, grantId);
  if (!grant) throw missing('grant_id', grantId);
  return grant;
}

async function grantOnProvider(directory: Directory, asker: Asker): Promise<Grant> {
  const { provider, principal_id } = asker.body;
  if (provider === undefined) {
    throw new AffidavitError('invalid_request', 'neither grant_id nor provider is given', {
      field: 'grant_id',
      expected: 'grant_id, or provider',
    });
  }
  if (!(await directory.provider(asker.app.app, provider))) throw missing('provider', provider);
  const all = await directory.grantsOn(asker.app.app, provider);
  const meant = all.filter(
    (grant) => principal_id === undefined || grant.principal.id === principal_id,
  );
  const delegated = meant.filter((grant) => isDelegated(grant, asker.actor.id));
  // Without a delegated one, the decision on any says clearly what is missing.
  const grants = delegated.length > 0 ? delegated : meant.slice(0, 1);
  if (grants.length === 0) {
    throw new AffidavitError('not_found', `there is no grant on ${provider}`, {
      field: 'provider',
      advice: 'Make a grant with POST /v1/grants, or name an existing one by grant_id.',
    });
  }
  const { token } = asker.actor;
  const ofToken = token && grants.find(({ grant_id }) => grant_id === token.grant_id);
  if (ofToken) return ofToken;
  // One that a token is not for is denied by name: which of them makes no difference.
  if (grants.length > 1 && !token) {
    throw new AffidavitError('conflict', `${grants.length} grants on ${provider} fit`, {
      field: 'grant_id',
      expected: 'grant_id, or principal_id',
      extra: { grant_ids: grants.slice(0, 20).map((grant) => grant.grant_id) },
    });
  }
  return grants[0] as Grant;
}

export function isDelegated({ agents }: Grant, actorId: string): boolean {
  return agents === '*' || agents.includes(actorId);
}
