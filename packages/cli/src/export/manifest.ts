import { createHash } from 'node:crypto';

import type { Affidavit } from '@affidavit/sdk';

import { CommandFailure } from '../failure.ts';

/** What the server says an export was: an entry of its ledger. */
export interface Manifest {
  readonly export_id: string;
  readonly count: number;
  readonly before_seq: number;
  readonly next_after_seq: number | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly event_id: string;
}

export const EXPORT_ID_HEADER = 'affidavit-export-id';

/** The bytes that came, added up. */
export class Received {
  bytes = 0;
  readonly #hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    this.#hash.update(chunk);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** The manifest of an export, if the bytes are what it says. Rejects with `CommandFailure` if not. */
export async function compare(
  client: Affidavit,
  export_id: string,
  app_id: string | undefined,
  received: Received,
  signal: AbortSignal,
): Promise<Manifest> {
  const path = `/v1/events/exports/${encodeURIComponent(export_id)}`;
  const query = app_id === undefined ? {} : { app_id };
  const manifest = (await client.api('GET', path, { query, signal })) as Manifest;
  if (manifest.bytes === received.bytes && manifest.sha256 === received.sha256()) return manifest;
  throw new CommandFailure(
    'what came is not what the server sent',
    `Something between here and the server changed it: run it again. Its manifest is ${manifest.event_id}.`,
  );
}
