import type { Entry } from '../../shared/api/types.ts';

/** Entries in order, told apart by what the agent was at: its run and its task. */
export interface Block {
  readonly run_id: string | undefined;
  readonly task_context: string | undefined;
  readonly entries: readonly Entry[];
}

export function blocksOf(entries: readonly Entry[]): readonly Block[] {
  const blocks: (Block & { readonly entries: Entry[] })[] = [];
  for (const entry of entries) {
    const { run_id, task_context } = entry;
    const last = blocks.at(-1);
    if (last && last.run_id === run_id && last.task_context === task_context) {
      last.entries.push(entry);
    } else {
      blocks.push({ run_id, task_context, entries: [entry] });
    }
  }
  return blocks;
}
