import type { Evidence } from '@affidavit/ledger';
import { AffidavitError, type AuditRecord } from '@affidavit/schema';

import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import { isTheirs, principalOf, recordView } from './principal.ts';

/**
 * One entry with all that it takes to check it offline, for the person it is about. What is
 * another's looks the same as what is not there. Of what an administrator did, position and proof
 * are given, and not what it says of the administrator.
 */
export async function showEvidence(context: Context): Promise<Evidence> {
  const event_id = context.params.event_id as string;
  await recordView(context, 'evidence', { event_id });
  const evidence = await readEvidence(context, event_id);
  const envelope = evidence?.parts.find(({ name }) => name === 'envelope')?.canonical;
  const record = JSON.parse(envelope ?? '{}') as Partial<AuditRecord>;
  if (!evidence || !isTheirs(principalOf(context), record)) throw missing('event_id', event_id);
  return record.actor_type === 'operator' ? { ...evidence, parts: [] } : evidence;
}

async function readEvidence({ services, app }: Context, event_id: string) {
  try {
    return await services.readers.run<Evidence>('evidence', { app: app.app, event_id });
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'not_found') return null;
    throw error;
  }
}
