import type { ConfigField } from './config-fields.ts';

/** Values of a form, all text, and the members of a config that they stand for. */

export type Values = Readonly<Record<string, string>>;
export type Config = Readonly<Record<string, unknown>>;

const isHidden = ({ kind }: ConfigField) => kind === 'secret' || kind === 'pairs';

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function pairsOf(text: string): Record<string, string> {
  const pairs = linesOf(text).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

/** The member that a text stands for; undefined where it stands for none. */
function memberOf({ kind }: ConfigField, text: string): unknown {
  if (kind === 'check') return text === 'true';
  if (text.trim() === '') return undefined;
  if (kind === 'number') return Number(text);
  if (kind === 'lines') return linesOf(text);
  return kind === 'pairs' ? pairsOf(text) : text.trim();
}

function textOf(field: ConfigField, value: unknown): string {
  if (isHidden(field) || value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** What a form begins with; what is secret is empty. */
export const valuesOf = (fields: readonly ConfigField[], config?: Config): Values =>
  Object.fromEntries(
    fields.map((field) => [
      field.name,
      config ? textOf(field, config[field.name]) : (field.initial ?? ''),
    ]),
  );

/** A whole config; what was left empty is left out. */
export function configOf(fields: readonly ConfigField[], values: Values): Config {
  const members = fields.map((field) => [field.name, memberOf(field, values[field.name] ?? '')]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** What was changed: null takes a member away; a secret that was left empty stays. */
export function changesOf(fields: readonly ConfigField[], config: Config, values: Values): Config {
  const before = valuesOf(fields, config);
  const changed = fields.filter(({ name }) => (values[name] ?? '') !== before[name]);
  return Object.fromEntries(
    changed.map((field) => [field.name, memberOf(field, values[field.name] ?? '') ?? null]),
  );
}
