/** Reads what the server serves of a ledger, for the checks. */

/** What kept a check from being made. It says nothing about the ledger. */
export class CouldNotCheck extends Error {
  readonly advice: string;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;

  constructor(message: string, advice: string, status?: number) {
    super(message);
    this.name = 'CouldNotCheck';
    this.advice = advice;
    this.status = status;
  }
}

const ANSWER_MS = 60_000;
const ATTEMPTS = 6;
const PAUSE_MS = 400;
const RESOURCE_BYTES_MAX = 64 * 1024 * 1024;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** `/v1/ledgers/app_1?x=1` with `checkpoint` behind the path. */
export function below(address: string, path: string, query: Record<string, string> = {}): string {
  const [base = '', search = ''] = address.split('?');
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(query)) params.set(name, value);
  const asked = params.toString();
  return `${base}${path === '' ? '' : `/${path}`}${asked === '' ? '' : `?${asked}`}`;
}

/**
 * An answer that is a success. What was kept from an earlier visit is passed over: checked is what
 * the server holds now.
 */
async function ask(address: string, signal?: AbortSignal): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(address, signal ?? AbortSignal.timeout(ANSWER_MS));
    if (answer.ok) return answer;
    const isBusy = answer.status === 503 || answer.status === 429;
    if (!isBusy || attempt === ATTEMPTS) throw await refusal(address, answer);
    await answer.body?.cancel();
    await pause(PAUSE_MS * 2 ** attempt);
  }
}

async function send(address: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      signal,
    });
  } catch {
    throw new CouldNotCheck('The server cannot be reached.', 'Try again when it can.');
  }
}

async function refusal(address: string, answer: Response): Promise<CouldNotCheck> {
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  const why = problem.detail ?? 'no reason given';
  const entries = entriesOf(address);
  if (entries !== null && answer.status >= 500) {
    const advice =
      'They may be damaged or missing: ask the server to verify, or run affidavit fsck.';
    return new CouldNotCheck(
      `The server cannot give the entries ${entries}.`,
      advice,
      answer.status,
    );
  }
  const advice =
    answer.status === 401 ? 'Sign in again.' : 'Try again, or ask who runs the server.';
  return new CouldNotCheck(`The server answered ${answer.status}: ${why}.`, advice, answer.status);
}

/** Which entries an address of a bundle is about, in words. */
function entriesOf(address: string): string | null {
  const found = /\/tile\/entries\/([x\d/]+?)(?:\.p\/(\d+))?(?:\?|$)/.exec(address);
  if (found === null) return null;
  const first = Number((found[1] as string).replaceAll(/[x/]/g, '')) * 256;
  return `${first} to ${first + Number(found[2] ?? 256) - 1}`;
}

export async function readBytes(address: string): Promise<Uint8Array> {
  const answer = await ask(address);
  if (Number(answer.headers.get('content-length')) > RESOURCE_BYTES_MAX) {
    await answer.body?.cancel();
    throw new CouldNotCheck('The server answered with far too much.', 'Ask who runs it.');
  }
  return new Uint8Array(await answer.arrayBuffer());
}

export async function readText(address: string): Promise<string> {
  return (await ask(address)).text();
}

export async function readJson<T>(address: string): Promise<T> {
  const answer = await ask(address);
  return (await answer.json().catch(() => null)) as T;
}

/** The bytes as they come, however long it takes in all; a pause may not be long. */
export async function* readChunks(
  address: string,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const gone = new AbortController();
  const { body } = await ask(address, gone.signal);
  if (body === null) throw new CouldNotCheck('The answer is empty.', 'Try again.');
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => gone.abort(), ANSWER_MS);
  };
  wait();
  try {
    for await (const chunk of chunksOf(body)) {
      wait();
      yield chunk;
      onChunk(chunk);
    }
  } catch {
    const advice =
      'Try again. If it ends at the same place again, ask the server to verify: entries may be missing.';
    throw new CouldNotCheck('The answer of the server broke off.', advice);
  } finally {
    clearTimeout(timer);
  }
}

/** Not every browser can iterate over a stream. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
