import { AffidavitError, type AuditRecord, type ErasureRequestBody } from '@affidavit/schema';
import type { z } from 'zod';

import { administer } from '../http/administer.ts';
import { present } from '../http/list.ts';
import type { Context } from '../http/route.ts';
import type { ErasureList } from '../retain/erasure-list.ts';
import type { SequencedEvent } from '../sequence/submission.ts';
import type { ErasuresTable } from '../store/tables.ts';
import { principalOf, theirs } from './principal.ts';

/** A person asks for their data to be erased; an operator decides (docs/retention.md). */

const EVENT_TYPE = 'wallet.erasure_requested';
const SHOWN_MAX = 100;
/** So many a day are enough to be heard. */
const REQUESTS_A_DAY_MAX = 5;
const DAY_MS = 86_400_000;

async function requestsOf(context: Context): Promise<readonly AuditRecord[]> {
  const { services, app } = context;
  const filter = theirs(principalOf(context), {
    conditions: [
      { fields: ['event_type'], values: [EVENT_TYPE], prefixes: [] },
      { fields: ['source'], values: ['observed'], prefixes: [] },
    ],
    words: [],
    phrases: [],
  });
  const request = { app: app.app, filter, order: 'desc', limit: SHOWN_MAX };
  const page = await services.readers.run<string>('events', request);
  return (JSON.parse(page) as { data: AuditRecord[] }).data;
}

export async function requestErasure(context: Context<z.infer<typeof ErasureRequestBody>>) {
  const { services, body } = context;
  const since = services.now() - DAY_MS;
  const recent = (await requestsOf(context)).filter(
    ({ created_at }) => Date.parse(created_at) > since,
  );
  if (recent.length >= REQUESTS_A_DAY_MAX) {
    throw new AffidavitError('rate_limited', 'it was asked for often enough today', {
      advice: 'The request is on the record; those who run the app see it there.',
      retryAfterSeconds: DAY_MS / 1000,
    });
  }
  const reason = body.reason === undefined ? {} : { reason: body.reason };
  const { events } = await administer(context, { event_type: EVENT_TYPE, ...reason }, []);
  const { event_id, created_at } = events[0] as SequencedEvent;
  return present({ event_id, created_at, ...reason });
}

/** Own requests that were not erased themselves, and what was erased of this person. */
export async function listErasureRequests(context: Context) {
  const { services, app } = context;
  const digest = services.retain.erasures.digest(app, principalOf(context).principal_id);
  const request: ErasureList = { app: app.app, after: '', digest, limit: SHOWN_MAX };
  const erasures = await services.readers.run<ErasuresTable[]>('erasures', request);
  const data = (await requestsOf(context)).map(({ event_id, created_at, reason }) => {
    const asked_at = Date.parse(created_at);
    const after = erasures.find((one) => one.state === 'done' && one.created_at >= asked_at);
    return present({
      event_id,
      created_at,
      reason: reason ?? null,
      erased_at: after?.ended_at ?? null,
    });
  });
  const shown = erasures.map(({ erasure_id, state, erased, created_at, ended_at }) =>
    present({ erasure_id, state, erased, created_at, ended_at }),
  );
  return { data, next_cursor: null, has_more: false, erasures: shown };
}
