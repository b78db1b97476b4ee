export { Witness, type Answer, type WitnessOptions } from './witness.ts';
export { openState, type WitnessState } from './state.ts';
export { serveWitness } from './run.ts';
