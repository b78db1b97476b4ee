import { z } from 'zod';

import { checkContext } from './context.ts';
import { LIMITS } from './limits.ts';

/**
 * The types that fields of the record have. Each is a Zod schema, and beside it, where that is
 * simple, a test that says yes to the same values much faster: on the way of every event, the
 * schema is only asked when the test says no, and then for the reason.
 */
export interface FieldType<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  /** True only for values that the schema accepts. */
  readonly accepts: (value: unknown) => boolean;
}

/** Any JSON value; what comes off the wire is JSON already. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isText = (value: unknown, max: number) =>
  typeof value === 'string' && value.length >= 1 && value.length <= max;

export const text = (max: number = LIMITS.idCharacters) => ({
  schema: z.string().min(1).max(max),
  accepts: (value: unknown) => isText(value, max),
});

export const matching = (pattern: RegExp, max: number = LIMITS.idCharacters) => ({
  schema: z.string().max(max).regex(pattern),
  accepts: (value: unknown) =>
    typeof value === 'string' && value.length <= max && pattern.test(value),
});

export const hash = () => matching(/^[0-9a-f]{64}$/);

export const oneOf = <const T extends readonly string[]>(values: T) => {
  const known: ReadonlySet<unknown> = new Set(values);
  return { schema: z.enum(values), accepts: (value: unknown) => known.has(value) };
};

export const flag = () => ({
  schema: z.boolean(),
  accepts: (value: unknown) => typeof value === 'boolean',
});

export const count = () => wholeNumber(0, Number.MAX_SAFE_INTEGER);

export const wholeNumber = (min: number, max: number) => ({
  schema: z.int().min(min).max(max),
  accepts: (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
});

/** A length of time, or another number that is not below zero. */
export const positive = () => ({
  schema: z.number().min(0),
  accepts: (value: unknown) => Number.isFinite(value) && (value as number) >= 0,
});

export const list = () => ({
  schema: z.array(z.string().min(1).max(LIMITS.idCharacters)).max(LIMITS.listItems),
  accepts: (value: unknown) =>
    Array.isArray(value) &&
    value.length <= LIMITS.listItems &&
    value.every((item) => isText(item, LIMITS.idCharacters)),
});

const TIME = z.core.regexes.datetime({ offset: true });

/** ISO 8601 with seconds and a zone. */
export const time = () => ({
  schema: z.iso.datetime({ offset: true }),
  accepts: (value: unknown) => typeof value === 'string' && TIME.test(value),
});

export const anyJson = () => ({
  schema: z.custom<Json>((value) => value !== undefined),
  accepts: (value: unknown) => value !== undefined,
});

export const freeContext = () => {
  const accepts = (value: unknown) => checkContext(value) === null;
  const schema = z.custom<Record<string, string>>(accepts).meta({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 512 },
    maxProperties: 20,
  });
  return { schema, accepts };
};

const isHeaderText = (value: unknown) =>
  typeof value === 'string' && value.length <= LIMITS.headerCharacters;

const isHeaderValue = (value: unknown) =>
  isHeaderText(value) ||
  (Array.isArray(value) && value.length <= LIMITS.listItems && value.every(isHeaderText));

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= LIMITS.headers &&
    entries.every(([name, one]) => isText(name, LIMITS.idCharacters) && isHeaderValue(one))
  );
}

const headerText = () => z.string().max(LIMITS.headerCharacters);

export const headers = () => ({
  schema: z
    .record(
      z.string().min(1).max(LIMITS.idCharacters),
      z.union([headerText(), z.array(headerText()).max(LIMITS.listItems)]),
    )
    .refine((value) => Object.keys(value).length <= LIMITS.headers, {
      error: `at most ${LIMITS.headers} headers`,
    }),
  accepts: areHeaders,
});
