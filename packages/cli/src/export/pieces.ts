import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { Affidavit, Query } from '@affidavit/sdk';

import { copy } from '../download.ts';
import { CommandFailure } from '../failure.ts';
import { bytes as bytesText, thousands } from '../format/plain.ts';
import type { Terminal } from '../terminal.ts';
import { compare, EXPORT_ID_HEADER, Received, type Manifest } from './manifest.ts';

/**
 * An export in pieces, each compared with its manifest before it counts: what was cut off goes on
 * behind the last whole piece. `<file>.partial` is what there is, `<file>.partial.json` how far it is.
 */

const PIECE_ENTRIES = 100_000;

interface Progress {
  /** What was asked: another question does not go on with this file. */
  readonly query: Query;
  readonly bytes: number;
  readonly count: number;
  readonly pieces: readonly Pick<Manifest, 'export_id' | 'event_id' | 'count' | 'sha256'>[];
  /** Null at the beginning. */
  readonly after_seq: number | null;
  /** Where the whole ends, fixed by the first piece. */
  readonly before_seq: number | null;
  readonly done: boolean;
}

export interface Pieces {
  readonly client: Affidavit;
  readonly query: Query;
  readonly out: string;
  readonly terminal: Terminal;
}

/** Resolves with how much there is now; the file has its name only when it is whole. */
export async function exportPieces(pieces: Pieces): Promise<{ count: number; bytes: number }> {
  const { out } = pieces;
  let progress = await readProgress(pieces);
  const file = await open(`${out}.partial`, 'a+', 0o600);
  try {
    // What stands behind the last whole piece was never compared.
    await file.truncate(progress.bytes);
    while (!progress.done) {
      progress = await nextPiece(pieces, file, progress);
      await file.sync();
      await keepProgress(out, progress);
    }
  } finally {
    await file.close();
  }
  await rename(`${out}.partial`, out);
  await rm(`${out}.partial.json`, { force: true });
  return progress;
}

async function readProgress({ out, query }: Pieces): Promise<Progress> {
  const text = await readFile(`${out}.partial.json`, 'utf8').catch(() => null);
  const none = { bytes: 0, count: 0, pieces: [], after_seq: null, before_seq: null, done: false };
  if (text === null) return { query, ...none };
  const kept = JSON.parse(text) as Progress;
  if (JSON.stringify(kept.query) === JSON.stringify(query)) return kept;
  const advice = `Delete ${out}.partial and ${out}.partial.json, or ask as before.`;
  throw new CommandFailure(`${out}.partial is of another question`, advice);
}

async function keepProgress(out: string, progress: Progress): Promise<void> {
  const name = `${out}.partial.json`;
  await writeFile(`${name}.new`, JSON.stringify(progress), { mode: 0o600, flush: true });
  await rename(`${name}.new`, name);
}

async function nextPiece(pieces: Pieces, file: FileHandle, before: Progress): Promise<Progress> {
  const { client, query, terminal } = pieces;
  const { after_seq, before_seq } = before;
  const asked = {
    ...query,
    limit: PIECE_ENTRIES,
    ...(after_seq === null ? {} : { after_seq }),
    ...(before_seq === null ? {} : { before_seq }),
  };
  const call = { query: asked, headers: { accept: '*/*' }, signal: terminal.signal };
  const { body, headers } = await client.open('GET', '/v1/events/export', call);
  const id = headers.get(EXPORT_ID_HEADER);
  if (!body || id === null)
    throw new CommandFailure('the server sends no manifests', 'Leave out --resume.');
  const received = new Received();
  const totals = () =>
    `${thousands(before.count)} rows and ${bytesText(received.bytes)}, ${bytesText(before.bytes + received.bytes)} in all`;
  const count = (chunk: Uint8Array) => received.add(chunk);
  const write = async (chunk: Uint8Array) => void (await file.writeFile(chunk));
  await copy({ body, name: 'export', count, totals }, write, terminal);
  const app_id = typeof query.app_id === 'string' ? query.app_id : undefined;
  const manifest = await compare(client, id, app_id, received, terminal.signal);
  const { export_id, event_id, sha256 } = manifest;
  return {
    query,
    bytes: before.bytes + manifest.bytes,
    count: before.count + manifest.count,
    pieces: [...before.pieces, { export_id, event_id, count: manifest.count, sha256 }],
    after_seq: manifest.next_after_seq,
    before_seq: manifest.before_seq,
    done: manifest.next_after_seq === null,
  };
}
