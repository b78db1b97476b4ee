import { ConfigError, HELP, readConfig } from './config/config.ts';
import { startServer, type RunningServer } from './start.ts';
import { StoreFailure } from './store/port.ts';

/** Runs the server until it is told to stop; resolves with the exit code. */
export async function runServer(argv: readonly string[]): Promise<number> {
  let server: RunningServer;
  try {
    const config = readConfig(argv, process.env);
    if (!config) {
      process.stdout.write(HELP);
      return 0;
    }
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
  await server.close();
  return 0;
}

function greeting({ url, first, closedIntents, services }: RunningServer): string {
  const lines = [
    `Affidavit is listening on ${url}`,
    `  ledger       ${services.config.data_folder}`,
    `  API          ${url}/openapi.json`,
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

function startFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StoreFailure) return error.message;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `The port is taken: ${message}. Choose another with --port.`;
  if (code === 'EACCES') return `Not allowed: ${message}`;
  return stack ?? message;
}
