export { runCli } from './program.ts';
export type { Output, Terminal } from './terminal.ts';
