import {
  LedgerError,
  openNote,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
  TILE_WIDTH,
  toHex,
  type Checkpoint,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { rootAt } from '../prove/nodes.ts';
import type { HeadsTable, SigningKeysTable, Tables } from '../store/tables.ts';
import type { Reason } from './findings.ts';
import { readable, type LogSource } from './source.ts';

export type LogKey = Pick<
  SigningKeysTable,
  'origin' | 'verifier_key' | 'from_size' | 'to_size' | 'change_checkpoint'
>;

/** What stands at the end of a log, and beyond, in one snapshot. */
export interface LogEnd {
  readonly head: HeadsTable | null;
  /** Entries of the log: as many as its checkpoint says, or else its head. */
  readonly size: number;
  /** What the checkpoint says; null where it says nothing. */
  readonly checkpoint: Checkpoint | null;
  /** The oldest first. */
  readonly keys: readonly LogKey[];
  /** Positions, before the first or after the last of the log, where there is something stored. */
  readonly outside: readonly number[];
  /** First entries below tiles that a log of this size does not have. */
  readonly strayTiles: readonly number[];
}

/** Tiles of a higher level would hold more entries than a number can count. */
const LEVEL_MAX = 5;

/** Null where it cannot be read. `max`: positions of one kind. */
export function readLogEnd({ db, app }: LogSource, max: number): Promise<LogEnd | null> {
  return readable(() =>
    db.transaction().execute(async (at) => {
      const head = await at
        .selectFrom('heads')
        .selectAll()
        .where('app', '=', app)
        .executeTakeFirst();
      const keys = await at
        .selectFrom('signing_keys')
        .select(['origin', 'verifier_key', 'from_size', 'to_size', 'change_checkpoint'])
        .where('app', '=', app)
        .orderBy('from_size')
        .execute();
      const checkpoint = readCheckpoint(head?.checkpoint);
      const size = checkpoint?.size ?? sizeOf(head);
      const outside = [
        ...(await readOutside(at, 'entries', { app, size, max })),
        ...(await readOutside(at, 'parts', { app, size, max })),
      ];
      const strayTiles = await readStray(at, app, size);
      return { head: head ?? null, size, checkpoint, keys, outside, strayTiles };
    }),
  );
}

async function readOutside(
  db: Kysely<Tables>,
  table: 'entries' | 'parts',
  { app, size, max }: { readonly app: number; readonly size: number; readonly max: number },
): Promise<number[]> {
  const some = db.selectFrom(table).select('seq').where('app', '=', app).orderBy('seq').limit(max);
  const before = await some.where('seq', '<', 0).execute();
  const after = await some.where('seq', '>=', size).execute();
  return [...before, ...after].map(({ seq }) => seq);
}

/** The first of each level. */
async function readStray(db: Kysely<Tables>, app: number, size: number): Promise<number[]> {
  const stray: number[] = [];
  const some = db.selectFrom('tiles').select(['level', 'tile']).where('app', '=', app).limit(1);
  for (let level = 0; level <= LEVEL_MAX; level++) {
    const width = TILE_WIDTH ** (level + 1);
    const of = some.where('level', '=', level).orderBy('tile');
    const before = await of.where('tile', '<', 0).execute();
    const after = await of.where('tile', '>=', Math.floor(size / width)).execute();
    stray.push(...[...before, ...after].map(({ tile }) => tile * width));
  }
  const none = await some.where('level', '<', 0).execute();
  const tooHigh = await some.where('level', '>', LEVEL_MAX).execute();
  return [...stray, ...[...none, ...tooHigh].map(() => 0)];
}

const sizeOf = (head: HeadsTable | undefined): number =>
  Number.isSafeInteger(head?.size) ? Math.max(0, head?.size as number) : 0;

function readCheckpoint(note: unknown): Checkpoint | null {
  try {
    return parseCheckpoint(parseNote(String(note)).text);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

/** What is wrong with a signed note of this log: all keys in force at its size must have signed. */
export async function noteTrouble(note: string, keys: readonly LogKey[]): Promise<Reason | null> {
  const checkpoint = readCheckpoint(note);
  if (checkpoint === null) return 'checkpoint';
  const inForce = keys.filter((key) => isInForce(key, checkpoint.size));
  if (inForce.length === 0) return 'signature';
  if (inForce.some(({ origin }) => origin !== checkpoint.origin)) return 'checkpoint';
  return (await isSignedBy(note, inForce)) ? null : 'signature';
}

/** What is wrong with the first checkpoints over changes of keys, which are kept for good. */
export async function changeTroubles(
  { db, app }: LogSource,
  { size, keys }: LogEnd,
): Promise<Reason[]> {
  const troubles: Reason[] = [];
  for (const { change_checkpoint: note } of keys) {
    if (note === null) continue;
    const trouble = await noteTrouble(note, keys);
    const signed = readCheckpoint(note);
    if (trouble !== null || signed === null) troubles.push(trouble ?? 'checkpoint');
    else if (signed.size > size) troubles.push('root');
    else {
      const root = await readable(() => rootAt(db, app, signed.size).catch(missing));
      if (root && toHex(root) !== toHex(signed.root)) troubles.push('root');
    }
  }
  return troubles;
}

/** Hashes that are missing are named where they are. */
function missing(error: unknown): null {
  if (error instanceof LedgerError) return null;
  throw error;
}

const isInForce = ({ from_size, to_size }: LogKey, size: number) =>
  from_size <= size && size <= (to_size ?? Infinity);

async function isSignedBy(note: string, keys: readonly LogKey[]): Promise<boolean> {
  try {
    const verifiers = keys.map(({ verifier_key }) => parseVerifierKey(verifier_key));
    const { signatures } = await openNote(note, verifiers);
    return keys.every(
      ({ origin }, i) =>
        verifiers[i]?.name === origin &&
        verifiers[i].type === SIGNATURE_TYPES.ed25519 &&
        signatures.some(({ key }) => key === verifiers[i]),
    );
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}
