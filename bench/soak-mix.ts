import { setTimeout as delay } from 'node:timers/promises';

import type { Affidavit } from './affidavit.ts';
import { batchBody, createEvents, PROVIDERS, singleBodies, WORDS } from './events.ts';
import { openGrant } from './grant.ts';
import { OpenArrivals, type Answers } from './open-load.ts';
import { count } from './report.ts';

/** All that a server does in use, each at a steady pace, until it is told to stop. */

export interface Mix {
  /** Single writes that were answered since this was asked last. */
  take(): Answers;
  /** What was done how often, and what failed. */
  summary(): string;
  stop(): Promise<void>;
}

interface Activity {
  readonly name: string;
  readonly everyMs: number;
  /** The n-th time; rejects where it failed. */
  readonly run: (n: number) => Promise<void>;
}

const BODIES = 8192;
const BATCH = 100;
const EXPORT_MS = 10_000;
const RETRY_KEY_EVERY = 5;

const at = (list: readonly string[], n: number) => list[n % list.length] as string;

/** Of a refusal; the beginning of what is none. */
const codeOf = (text: string) => /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 80);

/** Asks, reads the whole answer, and expects this status. */
function asker({ url, headers }: Affidavit) {
  return async (status: number, path: string, body?: string | Buffer, more: object = {}) => {
    const answer = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...more },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`${answer.status} ${codeOf(text)}`);
    return text;
  };
}

function activities(server: Affidavit, serviceUrl: string, grant_id: string): Activity[] {
  const ask = asker(server);
  const next = createEvents(9);
  const singles = singleBodies(BODIES, 10);
  const call = (n: number) =>
    JSON.stringify({ method: 'GET', url: `${serviceUrl}/messages/${n}`, grant_id, reason: 'soak' });
  const get = (path: (n: number) => string) => async (n: number) => {
    await ask(200, path(n));
  };
  return [
    {
      name: 'batches',
      everyMs: 500,
      run: async () => void (await ask(201, '/v1/events', batchBody(next, BATCH))),
    },
    { name: 'calls', everyMs: 50, run: async (n) => void (await ask(200, '/v1/request', call(n))) },
    { name: 'pages', everyMs: 200, run: get((n) => `/v1/events?provider=${at(PROVIDERS, n)}`) },
    {
      name: 'searches',
      everyMs: 500,
      run: get((n) => `/v1/events?q=${at(WORDS, n)}+${at(WORDS, n * 3 + 1)}`),
    },
    { name: 'facets', everyMs: 2000, run: get(() => '/v1/events/facets?field=provider') },
    {
      name: 'exports',
      everyMs: EXPORT_MS,
      run: get(() => {
        const from = new Date(Date.now() - EXPORT_MS).toISOString();
        return `/v1/events/export?format=csv&from=${from}`;
      }),
    },
    {
      name: 'retries',
      everyMs: 200,
      run: async (n) => {
        const key = { 'idempotency-key': `soak-${Math.floor(n / RETRY_KEY_EVERY)}` };
        await ask(201, '/v1/events', singles[Math.floor(n / RETRY_KEY_EVERY) % BODIES], key);
      },
    },
    {
      name: 'keys',
      everyMs: 500,
      run: async () => {
        const { key_id } = await server.admin('/v1/keys', {
          name: 'soak',
          scopes: ['events:read'],
        });
        await server.remove(`/v1/keys/${key_id}`);
      },
    },
  ];
}

/** Follows the trail until the signal, and comes back a minute later at the latest. */
async function follow({ url, headers }: Affidavit, signal: AbortSignal, seen: () => void) {
  const minute = () => AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  while (!signal.aborted) {
    try {
      const answer = await fetch(`${url}/v1/events/stream?outcome=provider_error`, {
        headers,
        signal: minute(),
      });
      for await (const chunk of answer.body ?? []) if (chunk.length > 0) seen();
    } catch {
      // Cut off by the minute, or by the end.
    }
  }
}

/** `rate` is that of single writes, a second. `serviceUrl` is a provider's. */
export async function startMix(server: Affidavit, serviceUrl: string, rate: number): Promise<Mix> {
  const grant_id = await openGrant(server, serviceUrl);
  const bodies = singleBodies(BODIES, 11);
  const writes = new OpenArrivals({
    origin: server.url,
    headers: server.headers,
    perSecond: rate,
    shot: (n) => ({ method: 'POST', path: '/v1/events', body: bodies[n % BODIES] as Buffer }),
  });
  const ended = new AbortController();
  const { signal } = ended;
  const done = new Map<string, number>();
  const failed = new Map<string, number>();
  const add = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const keepUp = async ({ name, everyMs, run }: Activity) => {
    for (let n = 0; !signal.aborted; n++) {
      try {
        await run(n);
        add(done, name);
      } catch (error) {
        add(failed, `${name}: ${(error as Error).message}`);
      }
      await delay(everyMs);
    }
  };
  const all = activities(server, serviceUrl, grant_id).map(keepUp);
  all.push(follow(server, signal, () => add(done, 'stream pieces')));
  const listed = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, times]) => `${count(times)} ${name}`).join(', ');
  return {
    take: () => writes.take(),
    summary: () => `${listed(done)}; failed: ${listed(failed) || 'none'}`,
    stop: async () => {
      ended.abort();
      await Promise.all([...all, writes.end()]);
    },
  };
}
