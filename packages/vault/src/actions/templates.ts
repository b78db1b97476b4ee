import { AffidavitError, VERB_LIMITS, type Json } from '@affidavit/schema';

import { argumentAt, asText, isAtMostDeep, type Args } from './arguments.ts';

/**
 * Templates of a verb's body, query and headers: text with `{name}` for arguments. Text that is
 * nothing but `{name}` becomes the argument as it is, number or object; a member whose argument is
 * absent is left out.
 */

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_.]*)\}/g;
const WHOLE = /^\{([A-Za-z_][A-Za-z0-9_.]*)\}$/;

/** Throws `invalid_request` for a template that is too large or too deep. */
export function checkTemplate(field: string, template: Json): void {
  const fits =
    isAtMostDeep(template, VERB_LIMITS.depth) &&
    Buffer.byteLength(JSON.stringify(template)) <= VERB_LIMITS.templateBytes;
  if (fits) return;
  throw new AffidavitError('invalid_request', `${field} is too large`, {
    field,
    expected: `at most ${VERB_LIMITS.templateBytes} bytes and ${VERB_LIMITS.depth} levels`,
  });
}

/** The template with its arguments; undefined where it is nothing but an argument that is absent. */
export function fillTemplate(template: Json, args: Args): Json | undefined {
  if (typeof template === 'string') return fillText(template, args);
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) {
    return template.flatMap((item) => {
      const filled = fillTemplate(item, args);
      return filled === undefined ? [] : [filled];
    });
  }
  const members = Object.entries(template).flatMap(([name, member]) => {
    const filled = fillTemplate(member, args);
    return filled === undefined ? [] : [[name, filled] as const];
  });
  return Object.fromEntries(members);
}

function fillText(text: string, args: Args): Json | undefined {
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) return argumentAt(args, whole);
  return text.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = argumentAt(args, name);
    if (value !== undefined && value !== null) return asText(name, value);
    throw new AffidavitError('invalid_request', `args.${name} is needed`, {
      field: `args.${name}`,
      expected: 'text, a number or a boolean',
    });
  });
}
