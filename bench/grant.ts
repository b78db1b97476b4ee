import type { Affidavit } from './affidavit.ts';

/** Stores a provider at this URL, a secret and a grant for every agent; returns the grant's id. */
export async function openGrant({ admin }: Affidavit, base_url: string): Promise<string> {
  const provider = 'mail';
  await admin('/v1/providers', { name: provider, base_url, auth: { type: 'bearer' } });
  const value = 'sk_bench_0123456789abcdef0123456789abcdef';
  const { secret_id } = await admin('/v1/secrets', { provider, name: 'bench', value });
  const principal = { type: 'user', id: 'alice', email: 'alice@example.com' };
  const grant = { provider, kind: 'managed_secret', secret_id, principal, agents: '*' };
  const { grant_id } = await admin('/v1/grants', grant);
  if (grant_id === undefined) throw new Error('the server answered without grant_id');
  return grant_id;
}
