import type { AuditRecord } from '@affidavit/schema';

import type { Context } from '../http/route.ts';
import type { Filter } from '../query/filter.ts';

/** When a grant was used last, by the index of the trail: one entry is read. */

/** What counts as a use. */
const USES = ['api.called', 'action.executed', 'token.minted'];

const condition = (field: 'grant_id' | 'event_type', values: readonly string[]) => ({
  fields: [field],
  values,
  prefixes: [],
});

export async function lastUseOf(
  { services, app }: Pick<Context, 'services' | 'app'>,
  grant_id: string,
  within: (filter: Filter) => Filter = (filter) => filter,
): Promise<string | null> {
  const filter = within({
    conditions: [condition('grant_id', [grant_id]), condition('event_type', USES)],
    words: [],
    phrases: [],
  });
  const request = { app: app.app, filter, order: 'desc', limit: 1 };
  const page = await services.readers.run<string>('events', request);
  const { data } = JSON.parse(page) as { data: AuditRecord[] };
  return data[0]?.created_at ?? null;
}
