import { z } from 'zod';

import type { AuditRecord, FieldName } from '../record.ts';

/**
 * How a mapping into another format is written down: rows that say which field goes where, and by
 * which named transform. What no row takes, or what a transform cannot take, is kept under the
 * field's own name in a container, so that nothing is lost on the way.
 */

export type Document = Record<string, unknown>;

const IP = [z.core.regexes.ipv4, z.core.regexes.ipv6];
const SUCCESSES: ReadonlySet<unknown> = new Set(['success', 'replayed', 'dry_run']);

/** Each gives undefined where the format has no place for the value. */
const TRANSFORMS = {
  /** Epoch milliseconds. */
  epoch_ms: (value: unknown) => Date.parse(String(value)),
  /** Milliseconds to whole nanoseconds. */
  nanoseconds: (value: unknown) => Math.round(Number(value) * 1_000_000),
  whole: (value: unknown) => Math.round(Number(value)),
  /** Only what is an address: clients may send anything. */
  ip: (value: unknown) => (isAddress(value) ? value : undefined),
  /** Text as it is, anything else as JSON. */
  text: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
  /** Names without dots, which Elasticsearch would read as objects. */
  labels: (value: unknown) =>
    Object.fromEntries(
      Object.entries(value as object).map(([name, text]) => [name.replaceAll('.', '_'), text]),
    ),
  /** `event.outcome` of ECS. */
  ecs_outcome: (value: unknown) =>
    value === 'unknown' ? 'unknown' : SUCCESSES.has(value) ? 'success' : 'failure',
} as const;

export interface Rule {
  readonly field: FieldName;
  /** Where it goes: names joined by dots. */
  readonly to: string;
  readonly as?: keyof typeof TRANSFORMS;
}

/** `[field, path, transform?]`, so that a table reads as one. */
export type Row = readonly [field: FieldName, to: string, as?: keyof typeof TRANSFORMS];

export const rules = (rows: readonly Row[]): readonly Rule[] =>
  rows.map(([field, to, as]) => (as ? { field, to, as } : { field, to }));

export interface Mapped {
  readonly document: Document;
  /** Fields that went nowhere. */
  readonly rest: Document;
}

/** Applies the rows in order; the first that fills a place keeps it. */
export function applyRules(record: AuditRecord, table: readonly Rule[]): Mapped {
  const document: Document = {};
  const taken = new Set<string>();
  for (const { field, to, as } of table) {
    const value = record[field];
    if (value === undefined || value === null) continue;
    const mapped = as ? TRANSFORMS[as](value) : value;
    if (mapped !== undefined && put(document, to, mapped)) taken.add(field);
  }
  const rest: Document = {};
  for (const [name, value] of Object.entries(record)) {
    if (value !== undefined && !taken.has(name)) rest[name] = value;
  }
  return { document, rest };
}

/** Paths are few, and cut once. */
const cuts = new Map<string, readonly string[]>();

function namesOf(path: string): readonly string[] {
  const known = cuts.get(path);
  if (known) return known;
  const names = path.split('.');
  cuts.set(path, names);
  return names;
}

/** False where something stands already. */
export function put(document: Document, path: string, value: unknown): boolean {
  const names = namesOf(path);
  const last = names.at(-1) as string;
  let place = document;
  for (let depth = 0; depth < names.length - 1; depth++) {
    place = (place[names[depth] as string] ??= {}) as Document;
  }
  if (place[last] !== undefined) return false;
  place[last] = value;
  return true;
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && IP.some((pattern) => pattern.test(value));
}

/** The parts of an address that a format asks for; null where it is none. */
export function partsOfUrl(url: string | undefined): URL | null {
  return url === undefined ? null : URL.parse(url);
}

export const isSuccess = (outcome: unknown): boolean => SUCCESSES.has(outcome);
