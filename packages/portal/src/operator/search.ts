/** What stands after the `?` of a page: filters and what is open, as plain text that people can edit. */

export type Search = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `provider=mail&event_type=api.called&event_type=token.minted`. */
export function parseSearch(text: string): Search {
  const search: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const known = search[name];
    if (name === '__proto__') continue;
    search[name] = known === undefined ? value : [known, value].flat();
  }
  return search;
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') text.append(name, String(one));
    }
  }
  const written = text.toString();
  return written === '' ? '' : `?${written}`;
}

/** The one value of a parameter, where it stands once. */
export function one(search: Search, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** All values of a parameter. */
export function all(search: Search, name: string): readonly string[] {
  const value = search[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
