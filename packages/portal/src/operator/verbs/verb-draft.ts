import type { Verb } from './types.ts';

/** A verb while it is written: every field as text. */
export interface VerbDraft {
  readonly verb: string;
  readonly provider: string;
  readonly method: string;
  readonly url: string;
  readonly args_schema: string;
  readonly risk_level: string;
  readonly idempotent: boolean;
  readonly governance: string;
  /** `name: template`, one to a line, as `headers` is. */
  readonly query: string;
  readonly headers: string;
  /** JSON, or empty. */
  readonly body: string;
  readonly body_format: string;
  readonly scopes: string;
  readonly description: string;
}

const SCHEMA_START = {
  type: 'object',
  properties: { id: { type: 'string' } },
  required: ['id'],
  additionalProperties: false,
};

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const lines = (map: Readonly<Record<string, string>> | undefined) =>
  Object.entries(map ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

export function toVerbDraft(verb?: Verb): VerbDraft {
  return {
    verb: verb?.verb ?? '',
    provider: verb?.provider ?? '',
    method: verb?.method ?? 'POST',
    url: verb?.url ?? '',
    args_schema: pretty(verb?.args_schema ?? SCHEMA_START),
    risk_level: verb?.risk_level ?? 'MEDIUM',
    idempotent: verb?.idempotent ?? false,
    governance: verb?.governance ?? 'allow',
    query: lines(verb?.query),
    headers: lines(verb?.headers),
    body: verb?.body === undefined ? '' : pretty(verb.body),
    body_format: verb?.body_format ?? '',
    scopes: (verb?.scopes ?? []).join(' '),
    description: verb?.description ?? '',
  };
}

function mapOf(text: string): Record<string, string> | null {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  if (rows.length === 0) return null;
  return Object.fromEntries(
    rows.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.trim(), value.join(':').trim()];
    }),
  );
}

const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ''));

/** What is no JSON in it, by field; empty where all is well. */
export function faultsOf({ args_schema, body }: VerbDraft): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const [name, text] of Object.entries({ args_schema, body })) {
    if (name === 'body' && text.trim() === '') continue;
    try {
      JSON.parse(text);
    } catch (error) {
      faults[name] = `not JSON: ${(error as Error).message}`;
    }
  }
  return faults;
}

/** What is sent. The name of a verb is its address, and stays. */
export function toVerbBody(draft: VerbDraft, isNew: boolean) {
  const { verb, provider, method, url, risk_level, idempotent, governance } = draft;
  const scopes = draft.scopes.split(/[\s,]+/).filter((one) => one !== '');
  return {
    ...(isNew ? { verb: verb.trim() } : {}),
    provider,
    method,
    url: url.trim(),
    args_schema: JSON.parse(draft.args_schema) as unknown,
    risk_level,
    idempotent,
    governance,
    ...present({
      query: mapOf(draft.query),
      headers: mapOf(draft.headers),
      body: draft.body.trim() === '' ? null : (JSON.parse(draft.body) as unknown),
      body_format: draft.body_format,
      scopes: scopes.length === 0 ? null : scopes,
      description: draft.description.trim(),
    }),
  };
}

/** Arguments to begin with, as the schema asks for them. */
export function sampleArgs({ args_schema }: Pick<Verb, 'args_schema'>): string {
  const properties = (args_schema['properties'] ?? {}) as Readonly<
    Record<
      string,
      { readonly type?: string; readonly default?: unknown; readonly enum?: readonly unknown[] }
    >
  >;
  const required = (args_schema['required'] ?? []) as readonly string[];
  const blank: Readonly<Record<string, unknown>> = {
    integer: 1,
    number: 1,
    boolean: false,
    array: [],
    object: {},
  };
  const args = Object.entries(properties)
    .filter(([name, { default: preset }]) => required.includes(name) || preset !== undefined)
    .map(([name, one]) => [name, one.default ?? one.enum?.[0] ?? blank[one.type ?? ''] ?? '…']);
  return pretty(Object.fromEntries(args));
}
