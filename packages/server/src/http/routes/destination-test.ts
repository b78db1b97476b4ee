import type { DestinationReasonBody } from '@affidavit/schema';
import type { z } from 'zod';

import { openReceiver } from '../../deliver/open-receiver.ts';
import type { Deliverable } from '../../deliver/receiver.ts';
import { administer } from '../administer.ts';
import type { Context } from '../route.ts';
import { destinationOf } from './destination-row.ts';

const TEST_MS = 40_000;

/** `POST /v1/destinations/{id}/test`: the entry of the test itself is what is sent, paused or not. */
export async function testDestination(context: Context<z.infer<typeof DestinationReasonBody>>) {
  const { services, app, body } = context;
  const row = await destinationOf(context);
  const { destination_id, type, name } = row;
  const { events } = await administer(
    context as Context,
    {
      event_type: 'destination.tested',
      reason: body.reason ?? 'a test of the destination',
      context: { test: 'true' },
      args: { destination_id, type, name },
    },
    [],
  );
  const event_id = events[0]?.event_id;
  const entry = await services.readers.run<Deliverable>('entryToDeliver', {
    app: app.app,
    event_id,
  });
  const receiver = await openReceiver(services, row);
  try {
    const started = performance.now();
    const result = await receiver.send([entry], AbortSignal.timeout(TEST_MS));
    const { said, kind } = result;
    const latency_ms = Math.round(performance.now() - started);
    const error = 'reason' in result ? { error: result.reason } : {};
    const answer = { status: said.status, answer: said.text };
    return {
      delivered: kind === 'accepted',
      event_id,
      seq: entry.seq,
      latency_ms,
      ...answer,
      ...error,
    };
  } finally {
    await receiver.close();
  }
}
