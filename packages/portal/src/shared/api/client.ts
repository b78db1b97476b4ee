/** The one way from a page to the API of the server that sent it. */

/** RFC 9457, as the server answers it. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly field?: string;
  readonly expected?: string;
  readonly advice?: string;
  readonly request_id?: string;
  readonly [more: string]: unknown;
}

/** An answer that is no success, or none at all (`code` is then `unreachable`). */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

export type Params = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined | null>
>;

export interface Call {
  readonly query?: Params;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Makes a repeat of a POST safe. */
  readonly idempotencyKey?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const DEADLINE_MS = 60_000;

/** `a=1&b=2&b=3`; what is absent or empty is left out. */
function toSearch(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') search.append(name, String(one));
    }
  }
  return search.toString();
}

/** `/v1/events?provider=mail`, for calls and for links. */
export function addressOf(path: string, query: Params = {}): string {
  const search = toSearch(query);
  return search === '' ? path : `${path}?${search}`;
}

let currentApp: string | undefined;

/** The app that all further calls are about; undefined: the one of the session. */
export function setCurrentApp(appId: string | undefined): void {
  currentApp = appId;
}

export const chosenApp = (): string | undefined => currentApp;

/** Parameters with the app that was chosen, for addresses that a browser opens by itself. */
export function withApp(query: Params): Params {
  return currentApp === undefined ? query : { app_id: currentApp, ...query };
}

/** Rejects with `ApiError`; what was cancelled rejects with an `AbortError`. */
export async function call<T>(method: Method, path: string, options: Call = {}): Promise<T> {
  const { query = {}, body, signal, idempotencyKey } = options;
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const response = await send(addressOf(path, withApp(query)), {
    method,
    credentials: 'same-origin',
    headers: {
      'x-affidavit-portal': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  });
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw new ApiError(readProblem(response.status, text));
}

/** Why an answer is no success. */
export async function failureOf(response: Response): Promise<ApiError> {
  return new ApiError(readProblem(response.status, await response.text()));
}

/** Rejects with `ApiError` where there is no answer. */
export async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    const { name } = error as Error;
    if (name === 'AbortError') throw error;
    const detail =
      name === 'TimeoutError'
        ? 'The server did not answer within a minute.'
        : 'The server cannot be reached.';
    throw new ApiError({ status: 0, code: 'unreachable', detail });
  }
}

function readProblem(status: number, text: string): Problem {
  try {
    return { code: 'internal', ...(JSON.parse(text) as object), status };
  } catch {
    return { status, code: 'internal', detail: `The server answered ${status}.` };
  }
}

export const get = <T>(path: string, query: Params = {}, signal?: AbortSignal): Promise<T> =>
  call('GET', path, { query, ...(signal ? { signal } : {}) });

export const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  call('POST', path, { body });
