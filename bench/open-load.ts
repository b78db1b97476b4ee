import { Client } from 'undici';

import { Samples } from './samples.ts';
import type { Shot } from './load.ts';

/**
 * Load with a fixed rate of arrivals: requests begin when they are due, whatever became of those
 * before them, as they do when many callers know nothing of each other. Latency is counted from
 * when a request was due, so that a server that makes its callers wait cannot hide it.
 */

export interface Arrivals {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly perSecond: number;
  /** The n-th request. */
  readonly shot: (n: number) => Shot;
}

export interface OpenLoad extends Arrivals {
  readonly durationMs: number;
}

/** What became of requests that were answered meanwhile. */
export interface Answers {
  /** Answers below 300. */
  readonly accepted: Samples;
  /** 503 with a code and Retry-After, as it must be. */
  readonly refused: Samples;
  /** Codes of the refusals, by how often they came. */
  readonly codes: ReadonlyMap<string, number>;
  /** What else came, by how often: other answers, and connections that failed. */
  readonly others: ReadonlyMap<string, number>;
}

export interface OpenLoadResult extends Answers {
  readonly seconds: number;
  /** Most connections that were open at once. */
  readonly connections: number;
}

const TIMEOUT_MS = 30_000;
const TICK_MS = 1;
/** Where all of them wait for an answer, further requests wait here. */
const CONNECTIONS_MAX = 4000;
const ANSWER_SHOWN = 300;

interface Answer {
  readonly status: number;
  readonly hasRetryAfter: boolean;
  readonly text: string;
}

/** Resolves with the end of the answer; reads the text only of what is no success. */
function send(client: Client, headers: Record<string, string>, shot: Shot): Promise<Answer> {
  const { method, path, body = null } = shot;
  return new Promise((resolve, reject) => {
    let status = 0;
    let hasRetryAfter = false;
    let text = '';
    client.dispatch(
      { method, path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode, received) {
          status = statusCode;
          hasRetryAfter = received['retry-after'] !== undefined;
        },
        onResponseData(_controller, chunk) {
          if (status >= 300 && text.length < ANSWER_SHOWN) text += chunk.toString('utf8');
        },
        onResponseEnd: () => resolve({ status, hasRetryAfter, text }),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const codeOf = (text: string) => /"code":"(\w+)"/.exec(text)?.[1] ?? text;

function countIn(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const noAnswers = () => ({
  accepted: new Samples(),
  refused: new Samples(),
  codes: new Map<string, number>(),
  others: new Map<string, number>(),
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Requests that keep arriving until they are told to end. */
export class OpenArrivals {
  readonly #arrivals: Arrivals;
  readonly #headers: Record<string, string>;
  readonly #clients: Client[] = [];
  readonly #idle: Client[] = [];
  readonly #waiting: { readonly n: number; readonly due: number }[] = [];
  readonly #arriving: Promise<void>;
  #answers = noAnswers();
  #underWay = 0;
  #ended = false;

  /** `count` is how many there are at most. */
  constructor(arrivals: Arrivals, count = Infinity) {
    this.#arrivals = arrivals;
    this.#headers = { ...arrivals.headers };
    this.#arriving = this.#arrive(count);
  }

  get connections(): number {
    return this.#clients.length;
  }

  /** What was answered since it was asked last. */
  take(): Answers {
    const answers = this.#answers;
    this.#answers = noAnswers();
    return answers;
  }

  /** Resolves when all have arrived and are answered; at once no further ones arrive. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.settled();
  }

  /** Resolves when all have arrived and are answered. */
  async settled(): Promise<void> {
    await this.#arriving;
    while (this.#underWay > 0) await pause(TICK_MS);
    await Promise.all(this.#clients.map((client) => client.destroy()));
  }

  async #arrive(count: number): Promise<void> {
    const { perSecond } = this.#arrivals;
    const begun = performance.now();
    for (let n = 0; n < count && !this.#ended;) {
      const due = ((performance.now() - begun) * perSecond) / 1000;
      for (; n <= due && n < count; n++) this.#begin(n, begun + (n * 1000) / perSecond);
      await pause(TICK_MS);
    }
  }

  #begin(n: number, due: number): void {
    this.#underWay++;
    const client = this.#idle.pop() ?? this.#connect();
    if (client) void this.#run(client, n, due);
    else this.#waiting.push({ n, due });
  }

  #connect(): Client | null {
    if (this.#clients.length >= CONNECTIONS_MAX) return null;
    const client = new Client(this.#arrivals.origin, {
      pipelining: 1,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    this.#clients.push(client);
    return client;
  }

  async #run(client: Client, n: number, due: number): Promise<void> {
    try {
      const answer = await send(client, this.#headers, this.#arrivals.shot(n));
      this.#keep(answer, performance.now() - due);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      countIn(this.#answers.others, code ?? message);
    }
    this.#underWay--;
    const next = this.#waiting.shift();
    if (next) void this.#run(client, next.n, next.due);
    else this.#idle.push(client);
  }

  #keep({ status, hasRetryAfter, text }: Answer, milliseconds: number): void {
    const { accepted, refused, codes, others } = this.#answers;
    if (status < 300) return accepted.add(milliseconds);
    if (status !== 503) return countIn(others, `${status} ${codeOf(text)}`);
    if (!hasRetryAfter) return countIn(others, `503 ${codeOf(text)} without Retry-After`);
    countIn(codes, codeOf(text));
    refused.add(milliseconds);
  }
}

/** Runs it to its end, and until all that it sent is answered. */
export async function runOpenLoad(load: OpenLoad): Promise<OpenLoadResult> {
  const seconds = load.durationMs / 1000;
  const arrivals = new OpenArrivals(load, Math.floor(load.perSecond * seconds));
  await arrivals.settled();
  return { ...arrivals.take(), seconds, connections: arrivals.connections };
}
