export { readConfig, ConfigError, type Config } from './config/config.ts';
export { copyLedger, type CopyOptions, type CopyReport } from './copy/copy.ts';
export { CopyFailure } from './copy/failure.ts';
export { migrateLedger, type MigrateReport } from './startup/migrate.ts';
export { runServer as main } from './run.ts';
export { startServer, type RunningServer } from './startup/start.ts';
