import {
  commitPart,
  CompactRange,
  equalBytes,
  isPartName,
  leafHash,
  LedgerError,
  parseHeader,
  toHex,
  utf8,
  verifyCheckpoint,
  ZERO_HASH,
  type EntryHeader,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { rootAt } from '../prove/nodes.ts';
import { nativeSha256 } from '../sequence/hash.ts';
import type { EntriesTable, HeadsTable, PartsTable, Tables } from '../store/tables.ts';

/** Of one log no more than this is told. */
const TOLD_MAX = 5;

/** Takes the entries of one log in their order, and tells at the end whether its head is theirs. */
export class LogCheck {
  readonly #app: number;
  readonly #found: string[] = [];
  readonly #range = new CompactRange(undefined, nativeSha256);
  #prev: string = ZERO_HASH;

  constructor(app: number) {
    this.#app = app;
  }

  add(row: EntriesTable): void {
    const reason = this.#damageOf(row);
    if (reason) this.#tell(`entry ${row.seq}: ${reason}`);
    this.#prev = toHex(row.leaf_hash);
    this.#range.append(row.leaf_hash);
  }

  /** Everything that is wrong, in words; nothing where all is right. */
  async end(db: Kysely<Tables>, head: HeadsTable): Promise<readonly string[]> {
    const keys = await db
      .selectFrom('signing_keys')
      .select('verifier_key')
      .where('app', '=', this.#app)
      .execute();
    try {
      const verifiers = keys.map((key) => key.verifier_key);
      const { size, root } = await verifyCheckpoint(head.checkpoint, { verifiers });
      const frontier = Buffer.concat(this.#range.state().hashes);
      if (size !== this.#range.end || size !== head.size) this.#tell('it has another size');
      else if (!equalBytes(root, this.#range.root()))
        this.#tell('its root is not that of its head');
      else if (!equalBytes(frontier, head.frontier)) this.#tell('its head has another frontier');
      else if (!equalBytes(root, await rootAt(db, this.#app, size))) this.#tell('its tiles differ');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#tell(error.message);
    }
    return this.#found;
  }

  #tell(reason: string): void {
    if (this.#found.length < TOLD_MAX) this.#found.push(`log ${this.#app}: ${reason}`);
  }

  #damageOf(row: EntriesTable): string | null {
    if (row.seq !== this.#range.end) return `where entry ${this.#range.end} should be`;
    const header = readHeader(row.header);
    if (header === null) return 'its header is no header';
    if (!equalBytes(leafHash(row.header, nativeSha256), row.leaf_hash)) {
      return 'its leaf is not the hash of its header';
    }
    if (header.prev !== this.#prev) return 'it does not follow the one before';
    const time = new Date(row.created_at).toISOString();
    const { seq, event_id } = row;
    const isSame = header.seq === seq && header.event_id === event_id && header.created_at === time;
    return isSame ? null : 'its columns are not what its header says';
  }
}

function readHeader(text: string): EntryHeader | null {
  try {
    return parseHeader(text);
  } catch {
    return null;
  }
}

/** Whether the parts that are there of entries [first, end) open their commitments; how many. */
export async function checkParts(
  db: Kysely<Tables>,
  app: number,
  first: number,
  end: number,
): Promise<{ checked: number; found: string[] }> {
  const [entries, parts] = await Promise.all([
    db
      .selectFrom('entries')
      .select(['seq', 'header'])
      .where('app', '=', app)
      .where('seq', '>=', first)
      .where('seq', '<', end)
      .execute(),
    db
      .selectFrom('parts')
      .selectAll()
      .where('app', '=', app)
      .where('seq', '>=', first)
      .where('seq', '<', end)
      .execute(),
  ]);
  const headers = new Map(entries.map(({ seq, header }) => [seq, readHeader(header)]));
  const found = parts
    .filter((part) => !opens(part, headers.get(part.seq) ?? null))
    .map(({ seq, part }) => `log ${app}: entry ${seq}: ${part} is not what was committed to`);
  return { checked: parts.length, found: found.slice(0, TOLD_MAX) };
}

function opens({ part, salt, body }: PartsTable, header: EntryHeader | null): boolean {
  const commitment = header?.parts[part];
  if (commitment === undefined || !isPartName(part)) return false;
  return toHex(commitPart(part, salt, utf8(body), nativeSha256)) === commitment;
}
