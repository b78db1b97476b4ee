import { AffidavitError, type FieldName } from '@affidavit/schema';

import type { Condition, Query } from '../query/filter.ts';
import type { Services } from '../services.ts';
import type { Outline, SectionOutline } from './kinds.ts';

/** Whom a report is about, under all the names that the trail knows. */

export interface Subject {
  /** For the question; empty where it is about everybody. */
  readonly label: string;
  /** What was looked for: names and ids. */
  readonly identifiers: readonly string[];
  /** What entries of a section have; null where there can be none. */
  readonly within: (by: SectionOutline['by']) => Narrowing | null;
}

export interface Narrowing {
  readonly conditions: readonly Condition[];
  readonly argument?: readonly [name: string, value: string];
}

interface Asking {
  readonly app: number;
  readonly query: Query;
  readonly directory: Services['directory'];
}

/** Parameters that name the subject, and so are no filters of their own. */
export const SUBJECT_NAMES = {
  principal: ['user', 'principal_id', 'principal_email'],
  agent: ['agent', 'agent_id', 'agent_name'],
  secret: ['secret_id', 'grant_id'],
  anyone: ['user', 'principal_id', 'principal_email'],
} as const satisfies Record<Outline['subject'], readonly string[]>;

const PERSON = ['principal_id', 'principal_email'] as const;
const VALUES_MAX = 50;

/** Values of the names that are given; refuses where none is. */
function named({ query }: Asking, kind: Outline['subject']): string[] {
  const names: readonly string[] = SUBJECT_NAMES[kind];
  const values = names.flatMap((name) => query[name] ?? []).filter((value) => value !== '');
  if (values.length > 0 && values.length <= VALUES_MAX) return values;
  throw new AffidavitError('invalid_request', 'the report must be told whom it is about', {
    field: names[0] as string,
    expected: `${names.join(' or ')}, at most ${VALUES_MAX}`,
  });
}

const any = (fields: readonly FieldName[], values: readonly string[]): Condition => ({
  fields,
  values,
  prefixes: [],
});

/** One person has an id, and mostly an address: grants tell which belong together. */
async function person(asking: Asking): Promise<Subject> {
  const { app, directory } = asking;
  const given = named(asking, 'principal');
  const identifiers = new Set(given);
  for (const value of given) {
    for (const field of PERSON) {
      const grants = await directory.rows('grants', { app, [field]: value });
      for (const { principal_id, principal_email } of grants) {
        identifiers.add(principal_id);
        if (principal_email !== null) identifiers.add(principal_email);
      }
    }
  }
  const all = [...identifiers];
  return {
    label: given.join(' or '),
    identifiers: all,
    within: (by) => ({
      conditions: [
        by === 'person' ? any([...PERSON, 'actor_id', 'actor_name'], all) : any(PERSON, all),
      ],
    }),
  };
}

/** By its name an agent is found under its id too, and so under earlier names. */
async function agent(asking: Asking): Promise<Subject> {
  const { app, directory } = asking;
  const given = named(asking, 'agent');
  const identifiers = new Set(given);
  const names: string[] = [];
  for (const value of given) {
    for (const { agent_id } of await directory.rows('agents', { app, name: value })) {
      identifiers.add(agent_id);
    }
    for (const { name } of await directory.rows('agents', { app, agent_id: value })) {
      names.push(name);
    }
  }
  const condition = any(['agent_id', 'agent_name'], [...identifiers]);
  return {
    label: [...new Set([...names, ...given])].join(', '),
    identifiers: [...identifiers],
    within: () => ({ conditions: [condition] }),
  };
}

/** A secret is used by its grants; a grant that is named leads to its secret. */
async function secret(asking: Asking): Promise<Subject> {
  const { app, directory, query } = asking;
  const given = named(asking, 'secret');
  if (given.length > 1) throw onlyOne();
  const [id] = given as [string];
  const isSecret = query['secret_id'] !== undefined;
  const where = isSecret ? { app, secret_id: id } : { app, grant_id: id };
  const grants = await directory.rows('grants', where);
  const secret_id = isSecret ? id : (grants[0]?.secret_id ?? null);
  const row = secret_id === null ? null : await directory.secretRow(app, secret_id);
  if (!row && grants.length === 0) throw unknown(isSecret ? 'secret_id' : 'grant_id', id);
  const grantIds = isSecret ? grants.map(({ grant_id }) => grant_id) : [id];
  // A secret without a grant was used by none: its own id is that of no grant.
  const used = any(['grant_id'], grantIds.length > 0 ? grantIds : [id]);
  return {
    label: row ? `the secret “${row.name}” of ${row.provider}` : `the grant ${id}`,
    identifiers: [...new Set([id, ...(secret_id === null ? [] : [secret_id]), ...grantIds])],
    within: (by) => {
      if (by !== 'secret') return { conditions: [used] };
      return secret_id === null ? null : { conditions: [], argument: ['secret_id', secret_id] };
    },
  };
}

const onlyOne = () =>
  new AffidavitError('invalid_request', 'the report is about one credential', {
    field: 'secret_id',
    expected: 'one secret_id or one grant_id',
  });

const unknown = (field: string, id: string) =>
  new AffidavitError('not_found', `there is no ${field} ${id.slice(0, 64)}`, { field });

const ANYONE: Subject = {
  label: '',
  identifiers: [],
  within: () => ({ conditions: [] }),
};

/** Rejects with `invalid_request` where it is not named, `not_found` for a secret nobody knows. */
export async function readSubject(kind: Outline['subject'], asking: Asking): Promise<Subject> {
  if (kind === 'principal') return person(asking);
  if (kind === 'agent') return agent(asking);
  if (kind === 'secret') return secret(asking);
  const isOne = SUBJECT_NAMES.anyone.some((name) => asking.query[name] !== undefined);
  return isOne ? person(asking) : ANYONE;
}
