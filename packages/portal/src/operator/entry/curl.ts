import type { Entry } from '../../shared/api/types.ts';

/** What was done, as a command that does it again; credentials stay with the broker. */

const KEY = '-H "Authorization: Bearer $AFFIDAVIT_API_KEY"';

/** A word of a shell, whatever stands in it. */
export const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `curl` that asks the API for something. */
export const curlOfGet = (origin: string, path: string): string =>
  `curl ${quote(`${origin}${path}`)} \\\n  ${KEY}`;

function curlOfPost(origin: string, path: string, body: object): string {
  return [
    `curl ${quote(`${origin}${path}`)}`,
    KEY,
    "-H 'Content-Type: application/json'",
    `--data ${quote(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}

/** Bodies that were cut would not do the same again: they are left out. */
function bodyOf({ request_body: body, request_body_truncated: cut }: Entry): object {
  if (body === undefined || cut) return {};
  return typeof body === 'string' ? { body } : { json: body };
}

function whyOf({ reason, run_id, task_context, context }: Entry): object {
  return { reason, context, run_id, task_context };
}

/** The call or the action of an entry; null where it is about something else. */
export function curlOfEntry(origin: string, entry: Entry): string | null {
  const { verb, args, dry_run, method, url, provider, grant_id } = entry;
  if (verb !== undefined) {
    const body = { args, ...(dry_run ? { dry_run } : {}), ...whyOf(entry) };
    return curlOfPost(origin, `/v1/actions/${encodeURIComponent(verb)}`, body);
  }
  if (method === undefined || url === undefined) return null;
  const credential = grant_id === undefined ? { provider } : { grant_id };
  const body = { method, url, ...credential, ...bodyOf(entry), ...whyOf(entry) };
  return curlOfPost(origin, '/v1/request', body);
}
