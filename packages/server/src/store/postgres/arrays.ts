/**
 * Columns of rows as PostgreSQL's arrays in their binary form: one dimension, each element with its
 * length before it. The driver would write them as text, bytes as hexadecimal, piece by piece into
 * one long string, which costs the writer more than all else it does for a batch; and PostgreSQL
 * would read that text character by character.
 */

/** Numbers of the types in PostgreSQL's own catalogue; they never change. */
const BYTEA = 17;
const INT8 = 20;
const INT4 = 23;
const TEXT = 25;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const TWO_TO_32 = 2 ** 32;

function begin(type: number, count: number, bytes: number, hasNulls = false): Buffer {
  const array = Buffer.allocUnsafe(HEADER_BYTES + count * LENGTH_BYTES + bytes);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(Number(hasNulls), 4);
  array.writeInt32BE(type, 8);
  array.writeInt32BE(count, 12);
  array.writeInt32BE(1, 16);
  return array;
}

/** For `bigint[]`; safe integers only. */
export function bigints(values: readonly number[]): Buffer {
  const array = begin(INT8, values.length, values.length * 8);
  let end = HEADER_BYTES;
  for (const value of values) {
    end = array.writeInt32BE(8, end);
    end = array.writeInt32BE(Math.floor(value / TWO_TO_32), end);
    end = array.writeUInt32BE(value >>> 0, end);
  }
  return array;
}

/** For `integer[]`. */
export function integers(values: readonly number[]): Buffer {
  const array = begin(INT4, values.length, values.length * 4);
  let end = HEADER_BYTES;
  for (const value of values) {
    end = array.writeInt32BE(4, end);
    end = array.writeInt32BE(value, end);
  }
  return array;
}

/** For `text[]`; of text without U+0000. */
export function texts(values: readonly string[]): Buffer {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const array = begin(TEXT, values.length, sum(lengths));
  let end = HEADER_BYTES;
  for (const [place, value] of values.entries()) {
    end = array.writeInt32BE(lengths[place] as number, end);
    end += array.write(value, end);
  }
  return array;
}

/** For `bytea[]`. */
export function byteStrings(values: readonly (Uint8Array | null)[]): Buffer {
  const bytes = sum(values.map((value) => value?.length ?? 0));
  const array = begin(BYTEA, values.length, bytes, values.includes(null));
  let end = HEADER_BYTES;
  for (const value of values) {
    end = array.writeInt32BE(value?.length ?? NULL_LENGTH, end);
    if (value === null) continue;
    array.set(value, end);
    end += value.length;
  }
  return array;
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
