#!/usr/bin/env node
import { runServer } from './run.ts';

process.exitCode = await runServer(process.argv.slice(2));
