import { sentenceOf } from '@affidavit/schema';
import type { Mood, Sentence, Told } from '@affidavit/schema';
import type { Affidavit, Execution } from '@affidavit/sdk';

import { CommandFailure } from '../failure.ts';
import { checkLedger } from './check-ledger.ts';
import type { LedgerAnswer } from './check-ledger.ts';
import { plain, shortId, thousands } from '../format/plain.ts';
import type { Style } from '../format/style.ts';
import type { Run } from './play.ts';

/** What the trail says afterwards, as a person would want to read it. */

export interface Trail {
  readonly executions: readonly Execution[];
  readonly reported: readonly Told[];
}

const MOODS: Readonly<Record<Mood, readonly ['green' | 'yellow' | 'red' | 'cyan', string]>> = {
  good: ['green', '✔'],
  refused: ['yellow', '⊘'],
  failed: ['red', '✘'],
  open: ['cyan', '?'],
};

const MOST_ENTRIES = 5000;

async function upTo<T>(entries: AsyncIterable<T>, most: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const entry of entries) {
    taken.push(entry);
    if (taken.length >= most) break;
  }
  return taken;
}

/** Reads back the executions and the reports of these runs. */
export async function readTrail(
  admin: Affidavit,
  runs: readonly Run[],
  signal: AbortSignal,
): Promise<Trail> {
  const run_id = runs.map(({ runId }) => runId);
  const page = { limit: 1000, signal };
  const executions = await upTo(admin.executions({ run_id }, page), MOST_ENTRIES);
  const reported = await upTo(admin.events({ run_id, source: 'reported' }, page), MOST_ENTRIES);
  return { executions, reported };
}

/** Throws when the trail does not hold exactly what was played, or tells it otherwise. */
export function compare(runs: readonly Run[], { executions }: Trail): void {
  const outcomes = new Map(executions.map((told) => [told.execution_id, told.outcome]));
  const played = runs.flatMap((run) => run.played);
  const wrong = played.filter(
    ({ executionId, expected }) => outcomes.get(executionId) !== expected,
  );
  if (wrong.length === 0 && outcomes.size === played.length) return;
  const told = wrong.map(
    ({ executionId, expected }) =>
      `${executionId} should be ${expected}, is ${outcomes.get(executionId) ?? 'missing'}`,
  );
  throw new CommandFailure(
    `${played.length} calls were made, the trail has ${outcomes.size}. ${told.join('; ')}`,
    'This is a fault in Affidavit; please report it with this output.',
  );
}

function paintSentence(sentence: Sentence, style: Style): string[] {
  const { time, who, forWhom, what, credential, why, result, mood } = sentence;
  const [colour, mark] = MOODS[mood];
  const first = [style[colour](mark), style.dim(time), style.bold(who), what, forWhom];
  const second = [credential, why].filter(Boolean).join(' ');
  return [
    `  ${first.filter(Boolean).join(' ')}`,
    ...(second === '' ? [] : [`      ${style.dim(second)}`]),
    `      ${style[colour](`→ ${result}`)}`,
  ];
}

const times = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** How the calls ended, counted. */
export function summaryLine({ executions }: Trail, style: Style): string {
  const count = (mood: Mood) => executions.filter((told) => sentenceOf(told).mood === mood).length;
  return [
    `  ${style.bold(times(executions.length, 'call', 'calls'))}:`,
    `${style.green(`${count('good')} answered`)},`,
    `${style.yellow(`${count('refused')} refused by policy`)},`,
    `${style.red(`${count('failed')} failed at the provider`)}.`,
    'Each was on the record before its caller knew.',
  ].join(' ');
}

/** A sentence for each execution and report, in the order of the ledger. */
export function trailLines({ executions, reported }: Trail, style: Style): string[] {
  const all: Told[] = [...executions, ...reported];
  const ordered = all.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  return ordered.flatMap((told) => paintSentence(sentenceOf(told), style));
}

/** What one person's data was used for: by whom, where, how often, why. */
export function usesLines(email: string, { executions }: Trail, style: Style): string[] {
  const own = executions.filter((told) => told.principal_email === email);
  const groups = Map.groupBy(own, (told) =>
    [told.agent_name ?? told.agent_id, told.provider].map(plain).join(' → '),
  );
  return [...groups].flatMap(([group, uses]) => [
    `  ${style.bold(group)} ${style.dim(uses.length === 1 ? 'once' : `${uses.length} times`)}`,
    ...uses.map((told) => `      “${plain(told.reason)}” ${style.dim(sentenceOf(told).result)}`),
  ]);
}

/** What became of a grant, its tokens and the actions on it: every entry that is no call. */
export async function grantLines(
  admin: Affidavit,
  grant_id: string,
  signal: AbortSignal,
  style: Style,
): Promise<string[]> {
  const entries = await upTo(admin.events({ grant_id }, { limit: 1000, signal }), MOST_ENTRIES);
  const calls = new Set(['credential.retrieved', 'credential.denied', 'api.called']);
  return entries
    .filter(({ event_type }) => !calls.has(event_type))
    .map((told) => {
      const { time, who, what, result } = sentenceOf(told);
      const end = told.outcome === undefined || told.outcome === 'success' ? '' : `: ${result}`;
      return `  ${style.dim(time)} ${style.bold(who)} ${what}${end}`;
    });
}

async function checkedLine(
  admin: Affidavit,
  ledger: LedgerAnswer,
  signal: AbortSignal,
  style: Style,
): Promise<string> {
  if (ledger.size > MOST_ENTRIES) return style.dim('too long to check here: affidavit verify');
  const entries = admin.events({}, { limit: 1000, signal });
  try {
    const checked = await checkLedger(ledger, entries);
    const all = `all ${thousands(checked)} entries are in the chain and in the signed tree`;
    return `${style.green('✔')} ${all}, rebuilt here`;
  } catch (error) {
    signal.throwIfAborted();
    const advice = 'This is a fault in Affidavit, or somebody changed the ledger.';
    throw new CommandFailure(`the ledger is not sound: ${(error as Error).message}`, advice, error);
  }
}

/** Size and signed checkpoint of the ledger, and whether it is sound. */
export async function ledgerLines(
  admin: Affidavit,
  signal: AbortSignal,
  style: Style,
): Promise<string[]> {
  const ledger = (await admin.api('GET', '/v1/ledger', { signal })) as LedgerAnswer;
  const checked = await checkedLine(admin, ledger, signal, style);
  const note = ledger.checkpoint.trimEnd().split('\n');
  return [
    `  ${thousands(ledger.size)} entries in the ledger; the signed checkpoint:`,
    ...note.map((line) => `      ${style.dim(plain(line))}`).filter((line) => line.trim() !== ''),
    `  ${checked}`,
  ];
}

/** Looks for every secret that was used in everything that was recorded. */
export async function leakLine(
  admin: Affidavit,
  secrets: readonly string[],
  signal: AbortSignal,
  style: Style,
): Promise<string> {
  const entries = await upTo(
    admin.events({}, { limit: 1000, signal, order: 'desc' }),
    MOST_ENTRIES,
  );
  const text = JSON.stringify(entries);
  const found = secrets.filter((secret) => text.includes(secret));
  if (found.length > 0) {
    throw new CommandFailure(
      `${found.length} secrets stand in the trail`,
      'This is a fault in Affidavit; please report it.',
    );
  }
  const what = `${secrets.length} secrets looked for in ${thousands(entries.length)} entries`;
  return `  ${style.green('✔')} ${what}: none was recorded`;
}

/** One line for a run that was just played. */
export const runLine = ({ agent, task, played, runId }: Run, style: Style): string =>
  `  ${style.bold(agent.padEnd(15))} ${task} ${style.dim(`(${played.length} calls, ${shortId(runId)})`)}`;
