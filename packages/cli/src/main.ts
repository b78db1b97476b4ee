#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { runCli } from './program.ts';
import { processTerminal } from './terminal.ts';

// Not process.exit: what is written must get out, and `serve` goes on.
process.exitCode = await runCli(process.argv.slice(2), processTerminal());
