/** The forms in which a secret can stand in a text, as byte strings (one character per byte). */
import { Buffer } from 'node:buffer';

/** A literal to look for, and what must hold around it for the match to be the secret. */
export interface Needle {
  readonly literal: string;
  /** Start and end of the secret's form around a literal found at `at`, or null if it is not it. */
  readonly confirm: (text: string, at: number) => readonly [number, number] | null;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Six bits of a base64 or base64url character code, or -1. */
const SEXTETS: Int8Array = (() => {
  const sextets = new Int8Array(256).fill(-1);
  for (let index = 0; index < 64; index += 1) sextets[BASE64.charCodeAt(index)] = index;
  sextets['-'.charCodeAt(0)] = 62;
  sextets['_'.charCodeAt(0)] = 63;
  return sextets;
})();

const sextetAt = (text: string, at: number): number => SEXTETS[text.charCodeAt(at)] ?? -1;

function plain(literal: string): Needle {
  return { literal, confirm: (_text, at) => [at, at + literal.length] };
}

/** Up to two `=`, the padding behind the last character of base64. */
function endOfPadding(text: string, from: number): number {
  let end = from;
  while (end < from + 2 && text[end] === '=') end += 1;
  return end;
}

/**
 * The secret in base64 behind `lead` (0, 1 or 2) other bytes of a group of three (RFC 4648
 * section 4). The characters made of secret bytes alone are the literal; the characters shared
 * with neighbouring bytes are confirmed by the bits that belong to the secret, and go with it.
 */
function base64Needles(secret: Buffer, lead: 0 | 1 | 2): Needle[] {
  const padded = Buffer.concat([Buffer.alloc(lead), secret]);
  const encoded = padded.toString('base64').replace(/=+$/, '');
  const shared = lead === 0 ? 0 : lead + 1;
  const whole = Math.floor((padded.length * 8) / 6);
  const leadBits = lead === 1 ? 0x0f : 0x03;
  const before = lead === 0 ? -1 : sextetAt(encoded, shared - 1) & leadBits;
  const tailBits = (padded.length * 8) % 6;
  const behind = tailBits === 0 ? -1 : sextetAt(encoded, whole) >> (6 - tailBits);
  const literal = encoded.slice(shared, whole);

  const confirm: Needle['confirm'] = (text, at) => {
    let start = at;
    let end = at + literal.length;
    if (before >= 0) {
      const sextet = at === 0 ? -1 : sextetAt(text, at - 1);
      if (sextet < 0 || (sextet & leadBits) !== before) return null;
      start -= 1;
    }
    if (behind >= 0) {
      const sextet = sextetAt(text, end);
      if (sextet < 0 || sextet >> (6 - tailBits) !== behind) return null;
      end += 1;
    }
    return [start, endOfPadding(text, end)];
  };
  const urlSafe = literal.replaceAll('+', '-').replaceAll('/', '_');
  const literals = urlSafe === literal ? [literal] : [literal, urlSafe];
  return literals.map((form) => ({ literal: form, confirm }));
}

/** UTF-8; Latin-1 where it can; and UTF-8 once read as Latin-1, as header values come. */
function byteForms(secret: string): Buffer[] {
  const utf8 = Buffer.from(secret, 'utf8');
  if (utf8.length === secret.length) return [utf8];
  const forms = [utf8, Buffer.from(utf8.toString('latin1'), 'utf8')];
  const latin1 = Buffer.from(secret, 'latin1');
  return latin1.toString('latin1') === secret ? [...forms, latin1] : forms;
}

/** Every form of one secret that does not work character by character: raw, hex, base64. */
export function needlesOf(secret: string): Needle[] {
  return byteForms(secret).flatMap((bytes) => {
    const hex = bytes.toString('hex');
    return [
      plain(bytes.toString('latin1')),
      plain(hex),
      ...(hex === hex.toUpperCase() ? [] : [plain(hex.toUpperCase())]),
      ...([0, 1, 2] as const).flatMap((lead) => base64Needles(bytes, lead)),
    ];
  });
}
