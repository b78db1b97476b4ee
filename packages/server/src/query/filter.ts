import { AffidavitError, FIELDS, LOOKUP_FIELDS, type FieldName } from '@affidavit/schema';

import { wordsOf } from '../indexing/terms.ts';

/** One condition: any of these fields has any of these values. Conditions are joined by AND. */
export interface Condition {
  readonly fields: readonly FieldName[];
  /** Exact values, as text. */
  readonly values: readonly string[];
  /** Beginnings of values (`credential.*`); only with `event_type`. */
  readonly prefixes: readonly string[];
}

/** What to look for. Plain data: it crosses to reader threads. */
export interface Filter {
  /** `created_at` at or after, epoch ms. */
  readonly from?: number;
  /** `created_at` before, epoch ms. */
  readonly to?: number;
  readonly conditions: readonly Condition[];
  /** Every one is the beginning of a word of the record. */
  readonly words: readonly string[];
  /** Every one stands in the record as it is, but for case. */
  readonly phrases: readonly string[];
  /** Only entries that end an execution: they have an outcome and an execution_id. */
  readonly finals?: true;
  /** Only executions that have not ended. */
  readonly open?: true;
}

/** Names that stand for several fields. */
const ALIASES: Readonly<Record<string, readonly FieldName[]>> = {
  user: ['principal_id', 'principal_email'],
  actor: ['actor_id', 'actor_name'],
  agent: ['agent_id', 'agent_name'],
};

const VALUES_MAX = 50;
const VALUE_LENGTH_MAX = 1024;
const WORDS_MAX = 16;

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Names that a filter can have, for messages and OpenAPI. */
export const FILTER_NAMES: readonly string[] = [
  'event_id',
  ...LOOKUP_FIELDS,
  ...Object.keys(ALIASES),
  'from',
  'to',
  'q',
];

/** Reads a filter from query parameters, which anyone may have written. `others` are not filters. */
export function parseFilter(query: Query, others: readonly string[] = []): Filter {
  const conditions: Condition[] = [];
  let filter: Filter = { conditions, words: [], phrases: [] };
  for (const [name, given] of Object.entries(query)) {
    if (given === undefined || others.includes(name)) continue;
    const values = Array.isArray(given) ? (given as string[]) : [given as string];
    checkValues(name, values);
    if (name === 'from' || name === 'to') filter = { ...filter, [name]: parseTime(name, values) };
    else if (name === 'q') filter = { ...filter, ...parseText(values.join(' ')) };
    else conditions.push(parseCondition(name, values));
  }
  return filter;
}

function checkValues(name: string, values: readonly string[]): void {
  const sound =
    values.length > 0 &&
    values.length <= VALUES_MAX &&
    values.every((value) => value.length > 0 && value.length <= VALUE_LENGTH_MAX);
  if (sound) return;
  throw new AffidavitError(
    'invalid_request',
    `${name} has no value, or too many or too long ones`,
    {
      field: name,
      expected: `1 to ${VALUES_MAX} values of 1 to ${VALUE_LENGTH_MAX} characters`,
    },
  );
}

/** A time in epoch ms; without a zone it is UTC. */
export function parseTime(name: string, values: readonly string[]): number {
  const text = values[0] as string;
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(/T.*[^Z\d:.+-]|T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text)
    : NaN;
  if (values.length === 1 && Number.isFinite(time)) return time;
  throw new AffidavitError('invalid_request', `${name} is not a time`, {
    field: name,
    expected: 'one ISO 8601 time such as 2026-11-21T08:30:00Z',
  });
}

/** Words, and "quoted phrases". */
function parseText(text: string): Pick<Filter, 'words' | 'phrases'> {
  const phrases = [...text.matchAll(/"([^"]+)"/g)].map((match) =>
    (match[1] as string).toLowerCase(),
  );
  const words = [...wordsOf(text.replaceAll(/"[^"]+"/g, ' '))];
  const all = [...words, ...phrases.flatMap((phrase) => wordsOf(phrase))];
  if (all.length > 0 && all.length <= WORDS_MAX) return { words, phrases };
  throw new AffidavitError('invalid_request', 'q has no word to look for, or too many', {
    field: 'q',
    expected: `1 to ${WORDS_MAX} words, or phrases in double quotes`,
  });
}

function parseCondition(name: string, values: readonly string[]): Condition {
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  if (alias) return { fields: alias, values, prefixes: [] };
  const field = name as FieldName;
  if (field !== 'event_id' && !LOOKUP_FIELDS.has(field)) {
    throw new AffidavitError('unknown_filter', `${name} is not a filter`, {
      field: name,
      expected: `one of ${FILTER_NAMES.join(', ')}`,
    });
  }
  if (field === 'event_type') return eventTypes(values);
  for (const value of values) checkValue(field, value);
  return { fields: [field], values, prefixes: [] };
}

function eventTypes(values: readonly string[]): Condition {
  const prefixes = values.filter((value) => value.endsWith('*')).map((value) => value.slice(0, -1));
  const exact = values.filter((value) => !value.endsWith('*'));
  if ([...exact, ...prefixes].every((value) => /^[a-z0-9_.]*$/.test(value))) {
    return { fields: ['event_type'], values: exact, prefixes };
  }
  throw new AffidavitError('invalid_request', 'event_type is not an event type', {
    field: 'event_type',
    expected: 'an event type such as api.called, or its beginning with * at the end',
  });
}

/** A value that the field can never have is a mistake worth telling, not an empty page. */
function checkValue(field: FieldName, value: string): void {
  const { schema, about } = FIELDS[field];
  const candidates: unknown[] = [value, Number(value), value === 'true', value === 'false'];
  const typed = candidates.filter((candidate) => String(candidate) === value);
  if (typed.some((candidate) => schema.safeParse(candidate).success)) return;
  const failed = schema.safeParse(value);
  throw new AffidavitError('invalid_request', `${field} cannot have the value given`, {
    field,
    expected: failed.error?.issues[0]?.message ?? about,
  });
}
