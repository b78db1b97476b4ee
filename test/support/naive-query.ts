import type { Entry } from './trail.ts';

/** For tests: what a query means, by looking at every entry. */

const TEXT_FIELDS = ['task_context', 'reason', 'context', 'url', 'verb', 'error_code'];

function textsOf(entry: Entry): string[] {
  const values = TEXT_FIELDS.map((field) => entry[field]).filter((value) => value !== undefined);
  return values.flatMap((value) =>
    typeof value === 'object' ? (Object.values(value as object) as string[]) : [String(value)],
  );
}

const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** Every word of the question begins a word of the entry; what is in double quotes stands in it. */
export function matchesText(entry: Entry, question: string): boolean {
  const phrases = [...question.matchAll(/"([^"]+)"/g)].map((match) => String(match[1]));
  const asked = wordsOf(question.replaceAll(/"[^"]+"/g, ' '));
  const texts = textsOf(entry);
  const words = texts.flatMap((text) => wordsOf(text));
  const holds = (phrase: string) =>
    texts.some((text) => text.toLowerCase().includes(phrase.toLowerCase()));
  return asked.every((one) => words.some((word) => word.startsWith(one))) && phrases.every(holds);
}

export function matchesAll(entry: Entry, conditions: Readonly<Record<string, string>>): boolean {
  return Object.entries(conditions).every(([field, value]) => String(entry[field]) === value);
}

/** Values of a field, most frequent first, then by value. */
export function countValues(entries: readonly Entry[], field: string) {
  const counts = new Map<string, number>();
  for (const { [field]: value } of entries) {
    if (value !== undefined) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
