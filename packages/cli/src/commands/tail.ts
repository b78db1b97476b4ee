import type { Told } from '@affidavit/schema';
import { setTimeout as delay } from 'node:timers/promises';

import { AffidavitApiError } from '@affidavit/sdk';
import type { Affidavit, Query } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { CommandFailure } from '../failure.ts';
import { entryLine } from '../format/entry-line.ts';
import { styleFor } from '../format/style.ts';
import { withIdleLimit } from '../idle.ts';
import { addFilterOptions, filterOf, wholeNumber } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { readEvents } from '../sse.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends FilterOptions {
  readonly json?: boolean;
  readonly after?: number;
  readonly count?: number;
}

/** The server sends a comment at least every 15 seconds; four times that is silence. */
const IDLE_MS = 60_000;
const RECONNECT = { attempts: 30, baseMs: 250, capMs: 10_000 } as const;

interface Tail {
  readonly client: Affidavit;
  readonly filter: Query;
  readonly flags: Flags;
  readonly terminal: Terminal;
  /** `seq` of the last entry seen. */
  last: string | undefined;
  shown: number;
}

const finished = ({ flags, shown }: Tail): boolean =>
  flags.count !== undefined && shown >= flags.count;

async function show(tail: Tail, text: string): Promise<void> {
  const { stdout, env } = tail.terminal;
  const line = tail.flags.json ? text : entryLine(JSON.parse(text) as Told, styleFor(stdout, env));
  await writeLine(stdout, line);
  tail.shown += 1;
}

/** Reads one connection until it ends. Resolves to whether anything came. */
async function readOnce(tail: Tail): Promise<boolean> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (tail.last !== undefined) headers['last-event-id'] = tail.last;
  const { signal } = tail.terminal;
  const call = { query: tail.filter, headers, signal, safeToRepeat: false };
  const answer = await tail.client.open('GET', '/v1/events/stream', call);
  if (!answer.body) return false;
  let came = false;
  const seenUpTo = (id: string) => {
    tail.last = id;
  };
  for await (const event of readEvents(withIdleLimit(answer.body, IDLE_MS), seenUpTo)) {
    came = true;
    if (event.event === 'message' || event.event === 'entry') await show(tail, event.data);
    if (finished(tail)) break;
  }
  return came;
}

/** What another attempt cannot mend: the server said no. */
const isFinal = (error: unknown): boolean =>
  error instanceof AffidavitApiError &&
  error.status >= 400 &&
  error.status < 500 &&
  error.status !== 429;

async function follow(tail: Tail): Promise<void> {
  const { signal, stderr, env } = tail.terminal;
  let failures = 0;
  let cause: unknown;
  while (!signal.aborted && !finished(tail) && failures < RECONNECT.attempts) {
    try {
      failures = (await readOnce(tail)) ? 0 : failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
      cause = error;
      failures += 1;
    }
    if (finished(tail)) return;
    if (failures === 1) await writeLine(stderr, styleFor(stderr, env).dim('reconnecting …'));
    const wait = Math.min(RECONNECT.capMs, RECONNECT.baseMs * 2 ** failures);
    await delay(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
  if (failures < RECONNECT.attempts) return;
  if (cause instanceof AffidavitApiError) throw cause;
  throw new CommandFailure(
    'the stream ends at once, again and again',
    'Look at the server.',
    cause,
  );
}

/** `affidavit tail`: entries as they come. Goes on where it was when the connection breaks. */
export function addTail(program: Command, terminal: Terminal): void {
  const command = program.command('tail').description('show entries as they are recorded');
  addFilterOptions(command)
    .option('--after <seq>', 'begin behind this entry', wholeNumber('--after', 0, 2 ** 53 - 1))
    .option('--count <count>', 'end after this many', wholeNumber('--count', 1, 2 ** 53 - 1))
    .option('--json', 'one JSON object per line')
    .action(async (flags: Flags, invoked: Command) => {
      await follow({
        client: connect(invoked, terminal),
        filter: filterOf(flags),
        flags,
        terminal,
        last: flags.after === undefined ? undefined : String(flags.after),
        shown: 0,
      });
    });
}
