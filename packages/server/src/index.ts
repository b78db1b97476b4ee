export { readConfig, ConfigError, type Config } from './config/config.ts';
export { runServer as main } from './run.ts';
export { startServer, type RunningServer } from './startup/start.ts';
