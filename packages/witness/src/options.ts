import { parseArgs } from 'node:util';

import {
  LedgerError,
  parseVerifierKey,
  SIGNATURE_TYPES,
  verifierKey,
  type VerifierKey,
} from '@affidavit/ledger';

import { WitnessError } from './error.ts';

/** How a witness was asked to run. */
export interface Options {
  readonly data_folder: string;
  readonly host: string;
  readonly port: number;
  readonly name: string | undefined;
  readonly logs: readonly VerifierKey[];
}

export const HELP = `A witness for transparency logs (C2SP tlog-witness)

  affidavit witness --data FOLDER --name NAME --log VKEY [--log VKEY …] [--port 7412]

  --data FOLDER    where its key and its memory are kept; never restore an older copy
  --name NAME      of its key, such as witness.example.com/w1; needed the first time
  --log VKEY       verifier key of a log to witness; once for each key. When a log changes its
                   key, give the new one beside the old one
  --port N         port to listen on (default 7412, 0 for any free one)
  --host ADDRESS   address to listen on (default 127.0.0.1)
  --help           this text
`;

/** Reads the command line. Throws `WitnessError`; returns null where help was asked for. */
export function readOptions(argv: readonly string[]): Options | null {
  const flags = readFlags(argv);
  if (flags.help) return null;
  const port = Number(flags.port ?? '7412');
  if (!/^\d{1,5}$/.test(flags.port ?? '7412') || port > 65_535) {
    throw new WitnessError('--port: expected a whole number from 0 to 65535');
  }
  if (!flags.data) throw new WitnessError('--data: a witness needs a folder for its memory');
  if (!flags.log?.length) throw new WitnessError('--log: a witness needs a log to witness');
  return {
    data_folder: flags.data,
    host: flags.host ?? '127.0.0.1',
    port,
    name: flags.name === undefined ? undefined : keyName(flags.name),
    logs: flags.log.map(logKey),
  };
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        data: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        name: { type: 'string' },
        log: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new WitnessError((error as Error).message, { cause: error });
  }
}

function keyName(name: string): string {
  try {
    return verifierKey(name, new Uint8Array(32)).name;
  } catch (error) {
    throw new WitnessError('--name: expected a name such as witness.example.com/w1', {
      cause: error,
    });
  }
}

function logKey(text: string): VerifierKey {
  const key = parsedKey(text);
  if (key?.type === SIGNATURE_TYPES.ed25519) return key;
  const found = key === null ? 'is no verifier key' : 'is the key of a witness, not of a log';
  throw new WitnessError(
    `--log: "${text.slice(0, 200)}" ${found}; give the vkey that the log publishes`,
  );
}

function parsedKey(text: string): VerifierKey | null {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
