import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from './world.ts';
import type { Affidavit, Answer } from './server.ts';

/** For tests: verbs, and actions on them. */

type Fields = Readonly<Record<string, unknown>>;

/** A refund, as an operator would define it. */
export const REFUND = {
  verb: 'shop:create_refund',
  provider: 'shop',
  method: 'POST',
  url: '/v1/charges/{charge}/refunds',
  args_schema: {
    type: 'object',
    properties: {
      charge: { type: 'string' },
      amount: { type: 'integer', minimum: 1 },
      password: { type: 'string' },
    },
    required: ['charge'],
  },
  risk_level: 'HIGH',
  idempotent: false,
} as const;

export function defineVerb(
  server: Affidavit,
  app: { readonly key: string },
  more: Fields = {},
): Promise<Record<string, unknown>> {
  return ask(server, 201, 'POST', '/v1/verbs', { key: app.key, body: { ...REFUND, ...more } });
}

/** So often a machine that is busy with other tests may refuse before any work. */
const TRIES = 50;

/** Carries out a verb; `once` is its Idempotency-Key. */
export async function act(
  server: Affidavit,
  actor: { readonly key: string },
  verb: string,
  body: Fields,
  once?: string,
): Promise<Answer> {
  const headers = once === undefined ? {} : { 'idempotency-key': once };
  const path = `/v1/actions/${encodeURIComponent(verb)}`;
  for (let tries = 1; ; tries++) {
    const answer = await server.request('POST', path, { key: actor.key, body, headers });
    if (answer.body.code !== 'overloaded' || tries === TRIES) return answer;
    await sleep(100);
  }
}
