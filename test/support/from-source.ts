import { runServer } from '../../packages/server/src/run.ts';

/** For tests: runs the server from source, as where it was not bundled. */
process.exitCode = await runServer(process.argv.slice(2));
