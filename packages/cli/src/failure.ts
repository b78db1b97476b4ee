import { AffidavitApiError } from '@affidavit/sdk';
import { CommanderError } from 'commander';

import { plain } from './format/plain.ts';
import type { Style } from './format/style.ts';

/** Exit codes: 0 done or sound, 1 failed or broken, 2 not understood or not checked. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command line cannot be understood as it is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something the command itself found wrong, with what to do about it. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.advice = advice;
  }
}

/** A check that could not be made: nothing is known about what was to be checked. */
export class CouldNotCheck extends CommandFailure {
  override readonly name = 'CouldNotCheck';
}

/** A check that found damage, and has said so. */
export class NotSound extends Error {
  override readonly name = 'NotSound';
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const isOpen = error instanceof UsageError || error instanceof CouldNotCheck;
  return isOpen ? EXIT.usage : EXIT.failed;
}

function apiLines(error: AffidavitApiError): [string, string | undefined][] {
  return [
    ['field', error.field],
    ['expected', error.expected],
    ['policy', plain(error.problem['policy_id'])],
    ['execution', error.executionId],
    ['request', error.requestId],
    ['what to do', error.advice],
  ];
}

function networkCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (inner as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? '' : ` (${code})`;
}

/** What went wrong, for a person; empty for what was said already. */
export function failureText(error: unknown, style: Style): string {
  if (error instanceof CommanderError || error instanceof NotSound) return '';
  if (error instanceof AffidavitApiError) {
    const head = `${style.red(error.code)}: ${plain(error.message)}${networkCause(error)}`;
    const shown = apiLines(error).filter(([, value]) => value);
    return [head, ...shown.map(([name, value]) => `  ${name}: ${plain(value)}`)].join('\n');
  }
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof CommandFailure ? `\n  what to do: ${plain(error.advice)}` : '';
  const hint = error instanceof UsageError ? '\n  what to do: see affidavit --help' : '';
  return `${style.red('error')}: ${plain(message)}${advice}${hint}`;
}
