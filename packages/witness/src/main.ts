#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { runWitness } from './run.ts';

process.exitCode = await runWitness(process.argv.slice(2));
