import { randomUUID } from 'node:crypto';

import type { Affidavit, Answer } from './server.ts';
import type { Acknowledged, Written } from './trail.ts';

/** For tests: many who write at once, and what they were told. */

export interface Load {
  /** Ids of all events that were sent. */
  readonly sent: Set<string>;
  /** What was acknowledged, by event id. */
  readonly acknowledged: Map<string, Acknowledged>;
  /** Answers that were no acknowledgement. */
  readonly refused: Answer<Record<string, unknown>>[];
  /** Requests that got no answer. */
  readonly broken: Error[];
  /** Resolves when all writers have stopped. */
  readonly done: Promise<void>;
  stop(): void;
}

export interface LoadOptions {
  readonly writers: number;
  /** Events in each request of the writers with an odd number; the others send single ones. */
  readonly batch: number;
  /** Requests of each writer at most. */
  readonly requests: number;
  /** Whether a writer goes on after a request that got no answer, or was refused. */
  readonly persistent?: boolean;
}

export const newEvent = (about: object = {}) => ({
  event_id: `evt_${randomUUID().replaceAll('-', '')}`,
  event_type: 'order.placed',
  reason: 'load',
  ...about,
});

export function startWriters(server: Affidavit, options: LoadOptions): Load {
  const stop = new AbortController();
  const load = {
    sent: new Set<string>(),
    acknowledged: new Map<string, Acknowledged>(),
    refused: [] as Answer<Record<string, unknown>>[],
    broken: [] as Error[],
  };
  const writer = async (number: number) => {
    for (let i = 0; i < options.requests && !stop.signal.aborted; i++) {
      const count = number % 2 === 1 ? options.batch : 1;
      const events = Array.from({ length: count }, () => newEvent({ caller: `writer-${number}` }));
      for (const { event_id } of events) load.sent.add(event_id);
      const sound = await send(server, load, count === 1 ? (events[0] as object) : { events });
      if (!sound && options.persistent !== true) return;
    }
  };
  const all = Array.from({ length: options.writers }, (_, number) => writer(number));
  return {
    ...load,
    done: Promise.all(all).then(() => undefined),
    stop: () => stop.abort(),
  };
}

async function send(
  server: Affidavit,
  load: Pick<Load, 'acknowledged' | 'refused' | 'broken'>,
  body: object,
): Promise<boolean> {
  try {
    const answer = await server.request('POST', '/v1/events', { body });
    if (answer.status === 201) {
      const { events } = answer.body as unknown as Written;
      for (const event of events) load.acknowledged.set(event.event_id, event);
      return true;
    }
    load.refused.push(answer);
  } catch (error) {
    load.broken.push(error as Error);
  }
  return false;
}
