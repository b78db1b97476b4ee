import { stat } from 'node:fs/promises';

import { normalizeTime, parseVerifierKey, type TimeRange } from '@affidavit/ledger';
import { nativeSha256 } from '@affidavit/server/native-sha256';
import type { Command } from 'commander';

import { keyFor } from '../connection.ts';
import { CommandFailure, CouldNotCheck, NotSound, UsageError } from '../failure.ts';
import { styleFor } from '../format/style.ts';
import { addRangeOptions, collect } from '../options.ts';
import { createBar } from '../progress.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { checkFile } from '../verify/file.ts';
import type { Finding } from '../verify/finding.ts';
import { checkFolder, checkServed } from '../verify/log.ts';
import { report } from '../verify/report.ts';

interface Flags {
  readonly vkey?: string[];
  readonly from?: string;
  readonly to?: string;
  readonly leaf?: string;
  readonly json?: boolean;
}

function rangeOf({ from, to }: Flags): TimeRange {
  const normal = (option: string, text: string): string => {
    try {
      return normalizeTime(/T/.test(text) ? text : `${text}T00:00:00Z`);
    } catch {
      throw new UsageError(`${option} needs a time such as 2026-11-21T08:00:00Z, not "${text}"`);
    }
  };
  return {
    ...(from === undefined ? {} : { from: normal('--from', from) }),
    ...(to === undefined ? {} : { to: normal('--to', to) }),
  };
}

function keysOf({ vkey = [] }: Flags): string[] {
  for (const text of vkey) {
    try {
      parseVerifierKey(text);
    } catch {
      throw new UsageError(`--vkey needs a key as GET /v1/ledger gives it, not "${text}"`);
    }
  }
  return vkey;
}

async function check(
  target: string,
  flags: Flags,
  command: Command,
  terminal: Terminal,
): Promise<Finding> {
  const trust = { verifiers: keysOf(flags), hash: nativeSha256 };
  const range = rangeOf(flags);
  let share = 0;
  const bar = createBar(terminal, 'checking', () => share);
  const onProgress = (done: number, all: number): Promise<void> => {
    terminal.signal.throwIfAborted();
    share = all === 0 ? 1 : done / all;
    return bar.step();
  };
  try {
    if (/^https?:\/\//.test(target)) {
      const url = new URL(target);
      const key = keyFor(command, terminal, url);
      return await checkServed({ url, key, signal: terminal.signal }, range, { trust, onProgress });
    }
    if ((await stat(target)).isDirectory()) {
      if (range.from ?? range.to) throw new UsageError('a folder is checked whole, without --from');
      return await checkFolder(target, { trust, onProgress });
    }
    return await checkFile({ path: target, trust, range, leaf: flags.leaf, onProgress });
  } finally {
    await bar.end();
  }
}

/** Whatever keeps a check from being made is no finding. */
async function checkOrSay(...args: Parameters<typeof check>): Promise<Finding> {
  try {
    return await check(...args);
  } catch (error) {
    if (error instanceof UsageError || error instanceof CommandFailure) throw error;
    const advice = 'Look at the file or address, and run it again.';
    throw new CouldNotCheck(`could not check: ${(error as Error).message}`, advice, error);
  }
}

/** `affidavit verify`: offline for files, over HTTP for whole ledgers; 0 sound, 1 broken, 2 neither. */
export function addVerify(program: Command, terminal: Terminal): void {
  const command = program
    .command('verify')
    .description('check evidence: a bundle, range proof, evidence, receipt, or a whole ledger')
    .argument(
      '<what>',
      'a file, the address of a ledger (https://host/v1/ledger), or a folder of it',
    )
    .option('--vkey <key>', 'verifier key to trust (may be repeated, also for witnesses)', collect)
    .option('--leaf <hash>', 'leaf hash that a bare tlog-proof is about, in hex')
    .option('--json', 'the finding as one JSON object')
    .addHelpText('after', '\nExit codes: 0 sound, 1 broken, 2 could not be checked.');
  addRangeOptions(command).action(async (target: string, flags: Flags, invoked: Command) => {
    const finding = await checkOrSay(target, flags, invoked, terminal);
    const { stdout, env } = terminal;
    if (flags.json) await writeLine(stdout, JSON.stringify(finding));
    else for (const line of report(finding, styleFor(stdout, env))) await writeLine(stdout, line);
    if (!finding.ok) throw new NotSound('broken');
  });
}
