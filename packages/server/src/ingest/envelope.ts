import { canonicalize } from '@affidavit/ledger';
import { FIELD_NAMES, PART_FIELDS, type AuditEvent } from '@affidavit/schema';

/**
 * The envelope of a record as JCS text (RFC 8785): what every entry has, and most of what it costs.
 * `JSON.stringify` writes strings and numbers as JCS asks, and members in the order they have; so
 * the members are put in order, and only what it would write otherwise goes to `canonicalize`.
 */

/** Spread before an event, it gives the members of the envelope their order. */
const ORDER: Readonly<Record<string, undefined>> = Object.fromEntries(
  FIELD_NAMES.toSorted().map((name) => [name, undefined]),
);
/** Spread behind it, it takes out what stands elsewhere. */
const ELSEWHERE: Readonly<Record<string, undefined>> = Object.fromEntries(
  ['event_id', ...PART_FIELDS].map((name) => [name, undefined]),
);
/** What `JSON.stringify` writes for half a surrogate pair, which JCS has no form for. */
const HALF_PAIR = '\\ud';
const INDEX = /^\d/;

export function envelopeText(event: AuditEvent): string {
  const envelope: Record<string, unknown> = { ...ORDER, ...event, ...ELSEWHERE };
  for (const name of Object.keys(event)) {
    const value = envelope[name];
    if (typeof value !== 'object' || value === null) continue;
    const ordered = inOrder(value);
    if (ordered === undefined) return canonicalText(envelope);
    envelope[name] = ordered;
  }
  const text = JSON.stringify(envelope);
  return text.includes(HALF_PAIR) ? canonicalText(envelope) : text;
}

/** Deeper values are written by `canonicalize`. */
const ORDERED_DEPTH = 8;

/** A value with the names of its objects in order; undefined for one that cannot be had so. */
function inOrder(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === ORDERED_DEPTH) return undefined;
  return Array.isArray(value) ? listInOrder(value, depth + 1) : objectInOrder(value, depth + 1);
}

function listInOrder(list: readonly unknown[], depth: number): readonly unknown[] | undefined {
  if (!list.some((item) => typeof item === 'object' && item !== null)) return list;
  const ordered = list.map((item) => inOrder(item, depth));
  return ordered.includes(undefined) ? undefined : ordered;
}

function objectInOrder(object: object, depth: number): object | undefined {
  const given = object as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(given).sort()) {
    const member = inOrder(given[name], depth);
    // An object puts names that are numbers before all others, whatever is asked for.
    if (member === undefined || INDEX.test(name) || name === '__proto__') return undefined;
    copy[name] = member;
  }
  return copy;
}

/** Any JSON value as JCS text. Half surrogate pairs, which the server may itself have cut, are mended. */
export function canonicalText(value: unknown): string {
  try {
    return canonicalize(value);
  } catch {
    return canonicalize(JSON.parse(withoutHalves(JSON.stringify(value))));
  }
}

/** JSON escapes half surrogate pairs, and no whole ones; they become U+FFFD. */
function withoutHalves(json: string): string {
  return json.replaceAll(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escape, half?: string) =>
    half === undefined ? escape : '\ufffd',
  );
}
