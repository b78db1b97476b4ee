/** Undoing content codings of providers that compress although identity was asked for. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { faults } from './failure.ts';
import type { Fault } from './failure.ts';
import type { ResponseHeaders } from './transfer-headers.ts';

interface Bound {
  readonly maxOutputLength: number;
}

const expandGzip = promisify<Uint8Array, Bound, Uint8Array>(gunzip);
const expandZlib = promisify<Uint8Array, Bound, Uint8Array>(inflate);
const expandRaw = promisify<Uint8Array, Bound, Uint8Array>(inflateRaw);
const expandBrotli = promisify<Uint8Array, Bound, Uint8Array>(brotliDecompress);

/** Codings one upon another; more than this is an attack, not a response. */
const MAX_CODINGS = 3;

/** `deflate` is zlib by RFC 9110 section 8.4.1.2; some send raw deflate (method 8 in RFC 1950). */
const isZlib = (body: Uint8Array): boolean => ((body[0] ?? 0) & 0x0f) === 8;

function expand(coding: string, body: Uint8Array, bound: Bound): Promise<Uint8Array> | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return expandGzip(body, bound);
    case 'deflate':
      return isZlib(body) ? expandZlib(body, bound) : expandRaw(body, bound);
    case 'br':
      return expandBrotli(body, bound);
    case 'identity':
      return Promise.resolve(body);
    default:
      return null;
  }
}

function codingsOf(headers: ResponseHeaders): string[] {
  const value = headers['content-encoding'] ?? '';
  const list = typeof value === 'string' ? value : value.join(',');
  const codings = list.split(',').map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== '');
}

export type Decoded =
  | { readonly ok: true; readonly headers: ResponseHeaders; readonly body: Uint8Array }
  | { readonly ok: false; readonly fault: Fault };

function failed(error: unknown, maxBytes: number): Decoded {
  const tooLarge =
    error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
  return { ok: false, fault: tooLarge ? faults.tooLarge(maxBytes) : faults.undecodable };
}

/**
 * The body without its content codings, at most `maxBytes` of it, and the headers that still hold.
 * A coding not known here is left in place with its header. Never rejects.
 */
export async function decodeBody(
  headers: ResponseHeaders,
  body: Uint8Array,
  maxBytes: number,
): Promise<Decoded> {
  if (headers['content-encoding'] === undefined || body.length === 0) {
    return { ok: true, headers, body };
  }
  const codings = codingsOf(headers);
  if (codings.length > MAX_CODINGS) return { ok: false, fault: faults.undecodable };
  let decoded = body;
  try {
    for (let coding = codings.pop(); coding !== undefined; coding = codings.pop()) {
      const expanded = expand(coding, decoded, { maxOutputLength: Math.max(1, maxBytes) });
      if (expanded === null) {
        codings.push(coding);
        break;
      }
      decoded = await expanded;
    }
  } catch (error) {
    return failed(error, maxBytes);
  }
  const { 'content-encoding': _coding, 'content-length': _length, ...kept } = headers;
  if (codings.length > 0) kept['content-encoding'] = codings.join(', ');
  return { ok: true, headers: kept, body: decoded };
}
