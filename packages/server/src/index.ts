export {
  fsck,
  FsckFailure,
  type FsckProgress,
  type FsckReport,
  type Problem,
} from './check/fsck.ts';
export { repairIndex } from './check/repair-index.ts';
export { readConfig, ConfigError, type Config } from './config/config.ts';
export { databaseOf, guardPathOf } from './config/place.ts';
export { copyLedger, type CopyOptions, type CopyReport } from './copy/copy.ts';
export { CopyFailure } from './copy/failure.ts';
export { migrateLedger, type MigrateReport } from './startup/migrate.ts';
export { startServer, type RunningServer } from './startup/start.ts';
