import { AffidavitError } from '@affidavit/schema';

import type { EntryName } from '../../prove/proofs.ts';
import { single } from '../read-request.ts';
import type { Context } from '../route.ts';

/** A size or a place in the log. Throws `invalid_request` for anything but a plain decimal. */
function readIndex(query: Context['query'], name: string): number {
  const text = single(query, name) ?? '';
  const index = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(index)) return index;
  throw new AffidavitError('invalid_request', `${name} is not a whole number`, {
    field: name,
    expected: 'a whole number from 0',
  });
}

function readEntryName(query: Context['query']): EntryName {
  const event_id = single(query, 'event_id');
  if ((event_id === undefined) === (query.seq === undefined)) {
    throw new AffidavitError('invalid_request', 'the entry is not named, or named twice', {
      field: 'event_id',
      expected: 'either event_id or seq',
    });
  }
  return event_id === undefined ? { seq: readIndex(query, 'seq') } : { event_id };
}

export function proveInclusion({ services, app, query }: Context): Promise<string> {
  const request = { app: app.app, name: readEntryName(query) };
  return services.readers.run<string>('inclusion', request);
}

export async function proveConsistency({ services, app, query }: Context) {
  const [older, newer] = [readIndex(query, 'old'), readIndex(query, 'new')];
  const request = { app: app.app, older, newer };
  return { hashes: await services.readers.run<string[]>('consistency', request) };
}
