import type { AuditEvent, GovernanceRule } from '@affidavit/schema';

import type { Decidable } from '../decide.ts';
import type { LocalRequest } from './local.ts';

interface Asked extends Pick<LocalRequest, 'app' | 'actor' | 'body' | 'verb'> {
  readonly facts: Partial<AuditEvent>;
  readonly governance: GovernanceRule;
  readonly now: Date;
}

/**
 * What a client does itself, as policies see it: a POST to `local://actions/{verb}`, on a grant
 * called `local` that belongs to whoever asks and has just been made.
 */
export function decidableLocally({
  app,
  actor,
  body,
  verb,
  facts,
  governance,
  now,
}: Asked): Decidable {
  const provider = facts.provider ?? 'local';
  const url = new URL(`local://actions/${verb}`);
  const type = actor.type === 'agent' ? 'agent' : 'system';
  return {
    app,
    actor,
    body: { ...body, method: 'POST', url: url.href },
    url,
    facts,
    action: { facts, governance, dry_run: false, held: {} },
    grant: {
      grant_id: 'local',
      provider,
      kind: 'managed_secret',
      secret_id: '',
      principal: { type, id: body.principal_id ?? actor.id },
      agents: '*',
      scopes: [],
      created_at: now.getTime(),
      expires_at: null,
      revoked_at: null,
      needs_reauth_at: null,
    },
    provider: {
      provider_id: '',
      name: provider,
      base_url: url.href,
      auth: { type: 'bearer' },
      sealed_client_secret: null,
      timeout_ms: null,
      scope_map: null,
    },
  };
}
