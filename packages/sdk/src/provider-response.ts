import { unexpectedAnswer } from './errors.ts';

/** The provider's answer as a standard `Response` that also says where it is on the record. */
export interface ProviderResponse extends Response {
  /** Joins the intent and the outcome of this call in the trail. */
  readonly executionId: string;
}

/** What `POST /v1/request` answers, as far as it is read here. */
interface Envelope {
  readonly execution_id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | null;
  readonly body_encoding: 'utf8' | 'base64';
  /** Where redirects led. */
  readonly final_url?: string;
}

/** Statuses that the Fetch standard forbids a body (§2.2.3, null body status). */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

const CHUNK = 0x8000;

/** RFC 4648 base64, without the stack limits of spreading a large array. */
export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

function headersOf(source: Envelope['headers']): Headers {
  const headers = new Headers();
  for (const [name, given] of Object.entries(source)) {
    for (const value of typeof given === 'string' ? [given] : given) headers.append(name, value);
  }
  return headers;
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  const { execution_id: id, status } = value as Partial<Envelope>;
  return (
    typeof id === 'string' &&
    Number.isInteger(status) &&
    Number(status) >= 200 &&
    Number(status) <= 599
  );
}

/** `value`: the parsed answer of `POST /v1/request`. Throws `unexpected_answer` on another shape. */
export function toProviderResponse(value: unknown, url: string): ProviderResponse {
  if (!isEnvelope(value)) throw unexpectedAnswer(200, 'it is not the answer of a request');
  const text = value.body ?? '';
  const body = value.body_encoding === 'base64' ? bytesOf(text) : text;
  const response = new Response(NULL_BODY_STATUSES.has(value.status) ? null : body, {
    status: value.status,
    headers: headersOf(value.headers ?? {}),
  });
  return Object.defineProperties(response, {
    executionId: { value: value.execution_id, enumerable: true },
    url: { value: value.final_url ?? url, enumerable: true },
  }) as ProviderResponse;
}
