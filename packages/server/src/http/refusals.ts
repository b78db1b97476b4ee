import { AffidavitError } from '@affidavit/schema';

/** What a request names and the app does not have. `field` is where it was named. */
export function missing(field: string, id: string): AffidavitError {
  return new AffidavitError('not_found', `there is no ${field.replace('_id', '')} ${id}`, {
    field,
  });
}
