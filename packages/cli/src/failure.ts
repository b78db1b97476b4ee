import { AffidavitApiError } from '@affidavit/sdk';
import { CommanderError } from 'commander';

import { plain } from './format/plain.ts';
import type { Style } from './format/style.ts';

/** Exit codes: 0 done, 1 failed, 2 not understood. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command line cannot be understood as it is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something the command itself found wrong, with what to do about it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.advice = advice;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
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

/** What went wrong, for a person; empty for what commander has already said. */
export function failureText(error: unknown, style: Style): string {
  if (error instanceof CommanderError) return '';
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
