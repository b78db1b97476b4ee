import { AffidavitError, type Json } from '@affidavit/schema';

/** The arguments of an action. Agents write them. */
export type Args = Readonly<Record<string, Json>>;

/** The argument at a path such as `customer.id`; undefined where there is none. */
export function argumentAt(args: Args, path: string): Json | undefined {
  let value: Json | undefined = args as Record<string, Json>;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, Json>)[name];
  }
  return value;
}

/** A single value as text. Throws `invalid_request` for lists, objects and null. */
export function asText(name: string, value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new AffidavitError('invalid_request', `args.${name} is not a single value`, {
    field: `args.${name}`,
    expected: 'text, a number or a boolean',
  });
}

/** Whether a JSON value nests no deeper than that. */
export function isAtMostDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isAtMostDeep(member, depth - 1));
}
