import { createContext, Script } from 'node:vm';

import { AffidavitError, LIMITS, VERB_LIMITS, type Json } from '@affidavit/schema';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

import { isAtMostDeep, type Args } from './arguments.ts';

/**
 * The schema of a verb's arguments: JSON Schema 2020-12, checked when the verb is saved and applied
 * to the arguments of every action. Operators write the schema, agents the arguments; neither may
 * hold the server up, so a check that takes too long, as a regular expression can, is cut off and
 * refuses.
 */

const CHECK_MS = 100;

const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  ownProperties: true,
  // `format` is an annotation (JSON Schema 2020-12 Validation, section 7.2.1).
  validateFormats: false,
  logger: false,
});

/** Keywords that reach beyond the schema, or make of a check something else. */
const REFUSED = new Set(['$id', '$async', '$dynamicRef', '$dynamicAnchor', '$vocabulary']);
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

function refuse(message: string): AffidavitError {
  return new AffidavitError('invalid_request', `args_schema: ${message}`, {
    field: 'args_schema',
    expected: 'a JSON Schema 2020-12 of an object, with local references only',
  });
}

export type ArgsSchema = Readonly<Record<string, Json>>;

/** Makes a schema ready to check with. Throws `invalid_request` for one that is none. */
export function compileArgsSchema(schema: ArgsSchema): ValidateFunction {
  if (Buffer.byteLength(JSON.stringify(schema)) > VERB_LIMITS.schemaBytes) {
    throw refuse(`more than ${VERB_LIMITS.schemaBytes} bytes`);
  }
  if (!isAtMostDeep(schema, VERB_LIMITS.depth)) {
    throw refuse(`nested more than ${VERB_LIMITS.depth} deep`);
  }
  if (schema.$schema !== undefined && schema.$schema !== DIALECT) throw refuse('another dialect');
  if (schema.type !== undefined && schema.type !== 'object') throw refuse('args are an object');
  checkKeywords(schema);
  const closed = closedSchema(schema);
  try {
    return ajv.compile(closed);
  } catch (error) {
    throw refuse((error as Error).message.slice(0, 300));
  } finally {
    ajv.removeSchema(closed);
  }
}

function checkKeywords(value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (REFUSED.has(name)) throw refuse(`${name} is not supported`);
    if (name === '$ref' && typeof member === 'string' && !member.startsWith('#')) {
      throw refuse('a reference leads elsewhere');
    }
    checkKeywords(member as Json);
  }
}

const APPLICATORS = ['properties', 'patternProperties', 'allOf', 'anyOf', 'oneOf', 'if', '$ref'];

/**
 * What a schema does not name is not sent: arguments beside those that it declares are refused
 * unless it says otherwise itself.
 */
function closedSchema(schema: ArgsSchema): ArgsSchema {
  const open = !APPLICATORS.some((name) => Object.hasOwn(schema, name));
  const decided = ['additionalProperties', 'unevaluatedProperties'].some((name) =>
    Object.hasOwn(schema, name),
  );
  const closing = open || decided ? {} : { unevaluatedProperties: false };
  return { type: 'object', ...schema, ...closing };
}

/** Throws `invalid_request` that names the argument at fault. */
export function checkArgs(validate: ValidateFunction, args: Args): void {
  if (!isValid(validate, args)) throw argsError(validate.errors?.[0]);
}

/** Refuses what is too large or too deep to be looked at or kept. */
export function checkArgsSize(args: Args): void {
  if (!isAtMostDeep(args, VERB_LIMITS.depth)) {
    throw argsRefused('args are nested too deep', 'args', `at most ${VERB_LIMITS.depth} levels`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(args));
  if (bytes <= LIMITS.argsBytes) return;
  const expected = `at most ${LIMITS.argsBytes} bytes as JSON`;
  throw argsRefused(`args are ${bytes} bytes as JSON`, 'args', expected);
}

const check = new Script('check()');
const place = createContext({ check: (): boolean => false });

function isValid(validate: ValidateFunction, args: Args): boolean {
  place.check = () => validate(args);
  try {
    return check.runInContext(place, { timeout: CHECK_MS }) as boolean;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw argsRefused('args could not be checked in time', 'args', 'simpler or shorter arguments');
  }
}

function argsRefused(message: string, field: string, expected: string): AffidavitError {
  return new AffidavitError('invalid_request', message, { field, expected });
}

function argsError(error: ErrorObject | undefined): AffidavitError {
  const { instancePath = '', params = {}, message = 'not valid', keyword } = error ?? {};
  const path = ['args', ...instancePath.split('/').slice(1).map(unescapePointer)];
  const { missingProperty, unevaluatedProperty, additionalProperty, allowedValues } = params as {
    [name: string]: unknown;
  };
  const member = missingProperty ?? unevaluatedProperty ?? additionalProperty;
  if (typeof member === 'string') path.push(member.slice(0, 128));
  const field = path.join('.');
  const unknown = unevaluatedProperty !== undefined || additionalProperty !== undefined;
  if (unknown) return argsRefused(`${field} is not an argument of the verb`, field, 'it left out');
  if (keyword === 'required') return argsRefused(`${field} is missing`, field, 'a value');
  const values = Array.isArray(allowedValues) ? `: ${JSON.stringify(allowedValues)}` : '';
  return argsRefused(`${field} ${message}`, field, `${message}${values}`.slice(0, 500));
}

/** RFC 6901, section 4. */
function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 128);
}
