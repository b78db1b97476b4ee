import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

import { Samples } from './samples.ts';

/** The load: a fixed number of requests in flight, each followed by the next as soon as it ends. */

export interface Shot {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Buffer;
}

export interface Load {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests in flight, each on its own kept-alive connection. */
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly status: number;
  /** The n-th request. */
  readonly shot: (n: number) => Shot;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly latencies: Samples;
  /** Share of one core that the load generator itself took. */
  readonly clientCores: number;
}

const TIMEOUT_MS = 30_000;
const REFUSAL_SHOWN = 500;

type Handler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
>;

/** Calls back once. Reads the body only of an answer that is not the expected one. */
function answerHandler(status: number, done: (failure: Error | null) => void): Handler {
  let got = 0;
  let refusal = '';
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      got = statusCode;
    },
    onResponseData(_controller, chunk) {
      if (got !== status && refusal.length < REFUSAL_SHOWN) refusal += chunk.toString('utf8');
    },
    onResponseEnd() {
      done(got === status ? null : new Error(`answered ${got}: ${refusal}`));
    },
    onResponseError(_controller, error) {
      done(error);
    },
  };
}

/** Runs it to its end. Rejects at the first request that fails: a figure with errors is none. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { origin, inFlight, warmUpMs, measureMs } = load;
  const pool = new Pool(origin, {
    connections: inFlight,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    const from = performance.now() + warmUpMs;
    const until = from + measureMs;
    return await fire(pool, load, from, until);
  } finally {
    await pool.destroy();
  }
}

function fire(pool: Pool, load: Load, from: number, until: number): Promise<LoadResult> {
  const latencies = new Samples();
  const headers = { ...load.headers };
  let fired = 0;
  let active = load.inFlight;
  let cpu = process.cpuUsage();
  let cpuFrom = 0;
  return new Promise((resolve, reject) => {
    const finish = () => {
      const { user, system } = process.cpuUsage(cpu);
      const clientCores = (user + system) / 1000 / (performance.now() - cpuFrom);
      const perSecond = (latencies.count * 1000) / (until - from);
      resolve({ perSecond, latencies, clientCores });
    };
    const next = () => {
      const begun = performance.now();
      if (begun >= until) {
        active--;
        if (active === 0) finish();
        return;
      }
      const handler = answerHandler(load.status, (failure) => {
        if (failure) return reject(failure);
        const ended = performance.now();
        if (ended >= from && cpuFrom === 0) {
          cpu = process.cpuUsage();
          cpuFrom = ended;
        }
        if (ended >= from && ended < until) latencies.add(ended - begun);
        next();
      });
      const { method, path, body = null } = load.shot(fired++);
      pool.dispatch({ method, path, headers, body }, handler);
    };
    for (let i = 0; i < load.inFlight; i++) next();
  });
}
