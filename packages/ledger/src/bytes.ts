import { LedgerError } from './error.ts';

const encoder = new TextEncoder();

/** UTF-8 bytes of a text. A lone surrogate has none and is refused. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new LedgerError('malformed', 'The text has a lone surrogate.');
  return encoder.encode(text);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes. The bytes are the attacker's: invalid UTF-8 is refused. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new LedgerError('malformed', 'Not UTF-8.', { cause });
  }
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) text += HEX_OF_BYTE[bytes[i]!]!;
  return text;
}

/** Value of each character code in its alphabet, -1 for all others. */
function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i += 1) values[alphabet.charCodeAt(i)] = i;
  return values;
}

const HEX_VALUES = valuesOf('0123456789abcdef');
const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_VALUES = valuesOf(BASE64_ALPHABET);

/** Value of one character, -1 when it is not in the alphabet. */
const valueAt = (values: Int8Array, text: string, at: number): number =>
  values[text.charCodeAt(at)] ?? -1;

/** Strict: an even number of lower-case digits and nothing else. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new LedgerError('malformed', 'Hex needs an even length.');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = valueAt(HEX_VALUES, text, 2 * i);
    const low = valueAt(HEX_VALUES, text, 2 * i + 1);
    if (high < 0 || low < 0) throw new LedgerError('malformed', 'Not lower-case hex.');
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** RFC 4648 section 4: standard alphabet, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text +=
      BASE64_ALPHABET[word >> 18]! +
      BASE64_ALPHABET[(word >> 12) & 63]! +
      BASE64_ALPHABET[(word >> 6) & 63]! +
      BASE64_ALPHABET[word & 63]!;
  }
  if (i === bytes.length) return text;
  const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8);
  const third = i + 1 < bytes.length ? BASE64_ALPHABET[(word >> 6) & 63]! : '=';
  return `${text}${BASE64_ALPHABET[word >> 18]!}${BASE64_ALPHABET[(word >> 12) & 63]!}${third}=`;
}

/** Strict: padding is required, spare bits are zero, nothing is skipped. One text per value. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new LedgerError('malformed', 'Base64 needs its padding.');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  for (let i = 0, out = 0; i < digits; i += 1) {
    const value = valueAt(BASE64_VALUES, text, i);
    if (value < 0) throw new LedgerError('malformed', 'Not standard base64.');
    word = ((word << 6) | value) & 0xffffff;
    if (i % 4 !== 0) bytes[out++] = word >> (6 - 2 * (i % 4));
  }
  const spareBits = padding === 2 ? 15 : padding === 1 ? 3 : 0;
  if ((word & spareBits) !== 0) throw new LedgerError('malformed', 'Base64 has spare bits set.');
  return bytes;
}

export function concat(...chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Equality in a time that depends on the lengths only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= left[i]! ^ right[i]!;
  return difference === 0;
}

/** Big-endian, 2 bytes. */
export function u16ToBytes(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
    throw new LedgerError('invalid_argument', 'Not an unsigned 16-bit integer.');
  }
  return Uint8Array.of(value >> 8, value & 0xff);
}

export function u16FromBytes(bytes: Uint8Array, offset = 0): number {
  const [high, low] = [bytes[offset], bytes[offset + 1]];
  if (high === undefined || low === undefined) throw new LedgerError('malformed', 'Too short.');
  return (high << 8) | low;
}

/** Big-endian, 8 bytes; integers up to 2^53 - 1, which is all that a log or a clock needs. */
export function u64ToBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new LedgerError('invalid_argument', 'Not an unsigned safe integer.');
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

export function u64FromBytes(bytes: Uint8Array, offset = 0): number {
  if (offset < 0 || offset + 8 > bytes.length) throw new LedgerError('malformed', 'Too short.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = Number(view.getBigUint64(offset));
  if (!Number.isSafeInteger(value)) throw new LedgerError('malformed', 'Integer above 2^53 - 1.');
  return value;
}
