import { AffidavitError } from '@affidavit/schema';

/** Whether somebody else changed first what a change was about. */
export const isConflict = (error: unknown): boolean =>
  error instanceof AffidavitError && error.code === 'conflict';
