import { hash } from 'node:crypto';

import type { ColumnValue, Row } from '../store/port.ts';

const LANES = 8;

/**
 * The sum of the hashes of rows: equal for the same rows in any order, and, unlike a running hash,
 * to be put down and taken up again. It finds what was lost, doubled or changed on the way; it is
 * no proof against an enemy, for which there is the tree.
 */
export class RowSum {
  readonly #lanes: Uint32Array;

  /** `hex` is what `toString` answered before. */
  constructor(hex = '') {
    const bytes = Buffer.alloc(LANES * 4);
    bytes.write(hex, 'hex');
    this.#lanes = Uint32Array.from({ length: LANES }, (_, lane) => bytes.readUInt32LE(lane * 4));
  }

  add(row: Row): void {
    const digest = hash('sha256', textOf(row), 'buffer');
    for (let lane = 0; lane < LANES; lane++) {
      this.#lanes[lane] = (this.#lanes[lane] as number) + digest.readUInt32LE(lane * 4);
    }
  }

  toString(): string {
    const bytes = Buffer.alloc(LANES * 4);
    for (const [lane, value] of this.#lanes.entries()) bytes.writeUInt32LE(value, lane * 4);
    return bytes.toString('hex');
  }
}

/** A text that no other row has, whatever the order of the columns and the store it is from. */
function textOf(row: Row): string {
  let text = '';
  for (const name of Object.keys(row).sort()) text += valueText(row[name] as ColumnValue);
  return text;
}

function valueText(value: ColumnValue): string {
  if (value === null) return '~';
  if (typeof value === 'number') return `n${value};`;
  if (typeof value === 'string') {
    // As PostgreSQL holds it: see `parameter` in store/postgres/link.ts.
    return `s${value.length}:${value.replaceAll('\0', '\uFFFD')}`;
  }
  const { buffer, byteOffset, length } = value;
  return `b${length}:${Buffer.from(buffer, byteOffset, length).toString('hex')}`;
}
