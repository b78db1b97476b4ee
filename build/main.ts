import { buildPages } from '../packages/portal/build.ts';
import { buildServer } from '../packages/server/build.ts';

/** Builds what is not in the repository, where it is not built yet. */
await Promise.all([buildPages(), buildServer()]);
