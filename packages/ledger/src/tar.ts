import { concat, equalBytes, fromUtf8, utf8 } from './bytes.ts';
import { ByteSource } from './byte-source.ts';
import type { Chunks } from './byte-source.ts';
import { LedgerError } from './error.ts';

/**
 * The archive that a bundle is: POSIX ustar (IEEE 1003.1, pax, "ustar interchange format"), plain
 * files only, every field but name and size fixed. So one content has one archive, any tar opens
 * it, and it can be written and read as a stream.
 */
export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A member is read whole; none may be larger. */
export const MAX_MEMBER_BYTES = 16 * 1024 * 1024;

const BLOCK = 512;
const MAX_NAME_BYTES = 100;
/** 2000-01-01: no member has a time of its own, and tar warns about 1970. */
const MTIME = 946_684_800;

/** [offset, text] of the fields that are the same in each header. */
const FIXED: readonly (readonly [number, string])[] = [
  [100, '0000644\0'],
  [108, '0000000\0'],
  [116, '0000000\0'],
  [136, `${MTIME.toString(8).padStart(11, '0')}\0`],
  [148, '        '],
  [156, '0'],
  [257, 'ustar\x0000'],
];

/** The 512 bytes before a member. Its name is at most 100 bytes, its size below 8 GiB. */
export function tarHeader(name: string, size: number): Uint8Array {
  const nameBytes = utf8(name);
  if (nameBytes.length === 0 || nameBytes.length > MAX_NAME_BYTES || size >= 8 ** 11) {
    throw new LedgerError('invalid_argument', 'A tar cannot hold this member.');
  }
  const header = new Uint8Array(BLOCK);
  header.set(nameBytes);
  for (const [at, text] of FIXED) header.set(utf8(text), at);
  header.set(utf8(`${size.toString(8).padStart(11, '0')}\0`), 124);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return header;
}

/** A member with its header and padding, ready to be written. */
export function tarMember({ name, bytes }: TarMember): Uint8Array {
  return concat(tarHeader(name, bytes.length), bytes, new Uint8Array(paddingOf(bytes.length)));
}

/** What ends an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/**
 * The members, one at a time. The bytes are the attacker's: an archive that `tarMember` would not
 * write in exactly these bytes is refused (`malformed`), as is one with anything behind its end.
 */
export async function* readTar(chunks: Chunks): AsyncGenerator<TarMember> {
  const source = new ByteSource(chunks);
  for (;;) {
    const header = await source.take(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const { name, size } = parseTarHeader(header);
    const bytes = await source.take(size);
    const padding = await source.take(paddingOf(size));
    if (padding.some((byte) => byte !== 0)) throw malformed('there is something between members');
    yield { name, bytes };
  }
  const end = await source.take(BLOCK);
  if (end.some((byte) => byte !== 0) || !(await source.isAtEnd())) {
    throw malformed('there is something behind its end');
  }
}

function parseTarHeader(header: Uint8Array): { name: string; size: number } {
  const name = fromUtf8(header.subarray(0, header.indexOf(0)));
  const digits = fromUtf8(header.subarray(124, 135));
  const size = /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : -1;
  if (size < 0 || name === '' || !equalBytes(tarHeader(name, size), header)) {
    throw malformed('the header of a member is not in its one form');
  }
  if (size > MAX_MEMBER_BYTES) throw malformed('a member is too large');
  return { name, size };
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a bundle: ${reason}.`);
