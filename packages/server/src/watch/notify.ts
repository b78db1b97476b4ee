import { AffidavitError, newId, type MonitorRule } from '@affidavit/schema';

import type { StoredDirectory } from '../access/directory.ts';
import { parseFilter } from '../query/filter.ts';
import { matches } from '../query/match.ts';
import { alarmEvent } from './entry.ts';

interface Of {
  readonly services: { readonly directory: Pick<StoredDirectory, 'rows'> };
  readonly app: { readonly app: number };
}

/**
 * Alarms are entries, and go where entries go. What a monitor names has to get them: a destination
 * that is not there, or that holds them back, is refused when the monitor is made.
 */
export async function checkNotify({ services, app }: Of, rule: MonitorRule): Promise<void> {
  const fields = alarmEvent('mon_0', rule, {
    what: 'raised',
    at: 0,
    group: '[]',
    alarm_id: 'alm_0',
    raised_at: 0,
    count: 0,
    event_ids: [],
  });
  const alarm = { ...fields, event_id: newId('event'), category: 'system', source: 'observed' };
  for (const destination_id of rule.notify) {
    const where = { app: app.app, destination_id };
    const [row] = await services.directory.rows('destinations', where);
    if (row && matches(alarm as never, parseFilter(JSON.parse(row.filter) as never))) continue;
    throw new AffidavitError('invalid_request', `${destination_id} would not get the alarms`, {
      field: 'notify',
      expected: row
        ? 'a destination whose filter lets monitor.* through'
        : 'a destination of this app',
    });
  }
}
