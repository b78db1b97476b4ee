import type { Condition, Filter } from './filter.ts';

/**
 * Tells by the text of an envelope alone that a record cannot be what a filter looks for. Envelopes
 * are canonical JSON: a member with a value has one spelling, so that most records need not be
 * parsed to be left out. What passes must still be checked.
 */
export type Sieve = (envelope: string) => boolean;

export function sieveOf({ conditions, words, phrases, finals }: Filter): Sieve {
  const spellings = conditions.map(spellingsOf);
  if (finals) spellings.push(['"execution_id":'], ['"outcome":']);
  const texts = [...words, ...phrases.map((phrase) => inner(phrase))].filter(isAscii);
  return (envelope) => {
    for (const some of spellings) if (!some.some((one) => envelope.includes(one))) return false;
    if (texts.length === 0) return true;
    const lower = envelope.toLowerCase();
    return texts.every((text) => lower.includes(text));
  };
}

/** How the members that fulfil a condition are written: values are texts, numbers or flags. */
function spellingsOf({ fields, values, prefixes }: Condition): string[] {
  return fields.flatMap((field) => [
    ...values.flatMap((value) => [`"${field}":${JSON.stringify(value)}`, `"${field}":${value}`]),
    ...prefixes.map((prefix) => `"${field}":"${inner(prefix)}`),
  ]);
}

/** A text as it stands inside a JSON string. */
const inner = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Other letters may have a lower case that depends on what stands beside them. */
// eslint-disable-next-line no-control-regex -- the range of ASCII
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);
