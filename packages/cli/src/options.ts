import type { Query } from '@affidavit/sdk';
import type { Command } from 'commander';

import { UsageError } from './failure.ts';

/** Reading options that several commands share. */

const append = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** `key=value` given once or more; values of one key are collected. */
export function pairs(
  texts: readonly string[] | undefined,
  option: string,
): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const text of texts ?? []) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${option} needs key=value, not "${text}"`);
    (result[text.slice(0, at)] ??= []).push(text.slice(at + 1));
  }
  return result;
}

/** `key=value` given once or more; a key given twice has its last value. */
export function map(texts: readonly string[] | undefined, option: string): Record<string, string> {
  const entries = Object.entries(pairs(texts, option));
  return Object.fromEntries(entries.map(([key, values]) => [key, values.at(-1) ?? '']));
}

/** JSON that was given as `option`. */
export function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${option} is not JSON: ${(error as Error).message}`);
  }
}

/** A whole number within bounds. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new UsageError(`${option} needs a whole number from ${min} to ${max}, not "${text}"`);
  };
}

/** Options that stand for a filter of the same meaning. */
const FILTER_OPTIONS: readonly [flags: string, filter: string, about: string][] = [
  ['--type <type>', 'event_type', 'event type; a trailing * stands for any ending'],
  ['--agent <agent>', 'agent', 'id or name of the agent'],
  ['--user <user>', 'user', 'id or email of the principal'],
  ['--provider <name>', 'provider', 'provider'],
  ['--outcome <outcome>', 'outcome', 'success, policy_denied, provider_error …'],
  ['--run <id>', 'run_id', 'run'],
  ['--execution <id>', 'execution_id', 'execution'],
  ['--search <words>', 'q', 'words, or a "quoted phrase"'],
];

const optionName = (flags: string): string => flags.slice(2, flags.indexOf(' '));

export function addFilterOptions(command: Command): Command {
  for (const [flags, , about] of FILTER_OPTIONS) {
    command.option(flags, about, append);
  }
  command.addHelpText('after', '\nFilters may be repeated: any of the values then fits.');
  return command.option('--filter <field=value>', 'any other field of the record', append);
}

export function addRangeOptions(command: Command): Command {
  return command
    .option('--from <time>', 'from this time on, such as 2026-11-21T08:00:00Z')
    .option('--to <time>', 'before this time');
}

export interface FilterOptions {
  readonly filter?: string[];
  readonly from?: string;
  readonly to?: string;
  readonly [option: string]: unknown;
}

export function filterOf(options: FilterOptions): Query {
  const filter: Record<string, string | string[]> = pairs(options.filter, '--filter');
  for (const [flags, name] of FILTER_OPTIONS) {
    const values = options[optionName(flags)];
    if (Array.isArray(values)) filter[name] = [...(filter[name] ?? []), ...(values as string[])];
  }
  if (options.from !== undefined) filter['from'] = options.from;
  if (options.to !== undefined) filter['to'] = options.to;
  return filter;
}

export { append as collect };
