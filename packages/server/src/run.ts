import { AffidavitError } from '@affidavit/schema';

import { ConfigError, HELP, readConfig } from './config/config.ts';
import type { Services } from './services.ts';
import { linkUrl } from './sign-in/rows.ts';
import type { FirstStart } from './startup/first-start.ts';
import { startServer, type RunningServer } from './startup/start.ts';
import { RollbackFound } from './startup/writer.ts';
import { describeDatabase } from './store/open.ts';
import { StoreFailure } from './store/port.ts';

/** Longest time from the signal to the end of the process. */
const CLOSE_MS = 20_000;

/** Runs the server until it is told to stop; resolves with the exit code. */
export async function runServer(argv: readonly string[]): Promise<number> {
  let server: RunningServer;
  try {
    const config = readConfig(argv, process.env);
    if (!config) {
      process.stdout.write(HELP);
      return 0;
    }
    // What the server writes is for its own user alone.
    process.umask(0o077);
    server = await startServer(config);
    process.stdout.write(greeting(server));
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exit(1);
  }
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  return (await closesInTime(server)) ? 0 : 1;
}

/** A thread or a disk that hangs must not keep the process from ending. */
async function closesInTime(server: RunningServer): Promise<boolean> {
  const overdue = setTimeout(() => {
    process.stderr.write('The server could not end in order; all that was acknowledged is kept.\n');
    process.exit(1);
  }, CLOSE_MS);
  try {
    await server.close();
    return true;
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    return false;
  } finally {
    clearTimeout(overdue);
  }
}

function greeting({ url, first, closedIntents, services, database }: RunningServer): string {
  const ledger =
    database.kind === 'sqlite' ? services.config.data_folder : describeDatabase(database);
  const lines = [
    `Affidavit is listening on ${url}`,
    `  ledger       ${ledger}`,
    `  API          ${url}/openapi.json`,
    `  portal       ${portalOf(services, first)}`,
  ];
  if (first.adminKey) {
    lines.push('', '  admin key    (shown once, keep it)', `  ${first.adminKey}`);
  }
  if (closedIntents > 0) {
    lines.push(
      '',
      `  ${closedIntents} calls that were under way when the server ended: outcome unknown`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The first start gives a way in. */
function portalOf({ publicUrl }: Services, { signInLink }: FirstStart): string {
  if (signInLink === null) return `${publicUrl()}/`;
  return `${linkUrl(publicUrl(), 'operator', signInLink)}  (once, for 24 hours)`;
}

function startFailure(error: unknown): string {
  if (error instanceof RollbackFound) return error.explanation;
  if (error instanceof ConfigError) return error.message;
  if (error instanceof StoreFailure) return `The ledger cannot be opened: ${error.message}`;
  if (error instanceof AffidavitError && error.code !== 'internal') {
    return [error.message, error.details.advice].filter(Boolean).join('\n');
  }
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `The port is taken: ${message}. Choose another with --port.`;
  if (code === 'EACCES') return `Not allowed: ${message}`;
  return stack ?? message;
}
