import type { ServerResponse } from 'node:http';

/** How long a reader may take nothing before it is given up. */
const DRAIN_DEADLINE_MS = 60_000;

/**
 * Writes a piece and waits until the reader has taken it, or has gone: then it resolves as well,
 * and `raw.destroyed` says so. Rejects when the reader takes nothing for too long.
 */
export function writeDrained(raw: ServerResponse, piece: string | Uint8Array): Promise<void> {
  if (piece.length === 0 || raw.destroyed || raw.write(piece)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      raw.off('drain', end).off('close', end);
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(
      () => end(new Error('the reader takes nothing any more')),
      DRAIN_DEADLINE_MS,
    );
    raw.on('drain', end).on('close', end);
  });
}
