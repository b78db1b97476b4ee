import { plain } from '@affidavit/schema/plain';
import { providerName } from '@affidavit/schema/plain-words';

/** What a scope of a provider allows, as far as its name tells it, for people who know no scopes. */

const READS = /^(read|readonly|view|list|get)$/;
const WRITES = /^(write|edit|manage|admin|modify|update|create|send|delete|readwrite)$/;
const NAMES: Readonly<Record<string, string>> = {
  openid: 'know who you are',
  profile: 'see your name and picture',
  email: 'see your e-mail address',
  offline_access: 'go on while you are away',
  repo: 'read and change your repositories',
};
const NOUNS: Readonly<Record<string, string>> = {
  gmail: 'Gmail',
  pulls: 'pull requests',
  repo: 'repositories',
  repos: 'repositories',
};
/** Parts of names that say nothing. */
const EMPTY = /^(https?|www|googleapis|com|auth|api|scope|scopes|user)$/;

const nounOf = (part: string): string =>
  (Object.hasOwn(NOUNS, part) ? NOUNS[part] : part) as string;

/** `mail:read` as `read your mail`; what cannot be told is shown as it is. */
export function scopeWords(scope: string): string {
  const name = plain(scope);
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (known !== undefined) return known;
  const parts = name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '' && !EMPTY.test(part));
  const nouns = parts.filter((part) => !READS.test(part) && !WRITES.test(part));
  const what = nouns.map(nounOf).join(' ');
  const verb = parts.find((part) => READS.test(part) || WRITES.test(part));
  if (what === '' || verb === undefined) return `use “${name}”`;
  if (READS.test(verb)) return `read your ${what}`;
  const deed = { send: 'send', delete: 'delete', create: 'create' }[verb];
  return deed === undefined ? `read and change your ${what}` : `${deed} ${what}`;
}

/** The account as a heading: `GitHub`, `Mail`. */
export function titleOf(provider: string): string {
  const name = providerName(provider);
  return name.charAt(0).toUpperCase() + name.slice(1);
}
