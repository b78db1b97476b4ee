import type { RangeDamageReason } from '@affidavit/ledger';

import type { Memory } from './jobs.ts';

/** What is wrong, in words. */

const REASONS: Readonly<Record<RangeDamageReason, string>> = {
  malformed: 'what stands here is not an entry',
  seq: 'another entry stands here: one was dropped, put in or moved',
  prev: 'this is not the entry that the chain goes through: it was changed or replaced',
  created_at: 'it is older than the entry before it',
  beyond_checkpoint: 'the checkpoint does not reach this far',
  incomplete_start: 'it is needed to show where the range begins',
  incomplete_end: 'it is needed to show where the range ends',
  tile: 'a hash of the tree is not the one that the entries give',
  root: 'the entries hang together, but they are not those that the checkpoint signs',
};

export const damageWords = (reason: RangeDamageReason): string => REASONS[reason];

/** What the memory of the browser says; `day` is when it looked last. */
export function memoryWords(memory: Memory, day: string): string {
  switch (memory.state) {
    case 'first':
      return 'This browser sees the ledger for the first time. It keeps its key and this checkpoint, and holds every later one against them.';
    case 'same':
      return `This ledger is just as it was when you last looked, on ${day}.`;
    case 'grown':
      return `This ledger has only grown since you last looked, on ${day}. It had ${memory.size.toLocaleString('en')} entries then, and they are all still there, unchanged.`;
    case 'shrunk':
      return `This ledger is shorter than when you last looked, on ${day}: it had ${memory.size.toLocaleString('en')} entries then. It was set back.`;
    case 'forked':
      return `This ledger has another history than when you last looked, on ${day}. What you saw then was changed.`;
    case 'unproved':
      return `The server does not prove that this ledger goes on from what you saw on ${day}.`;
    case 'other_key':
      return `This ledger is signed by another key than when you last looked, on ${day}, and the old key has not handed it on.`;
    case 'other_log':
      return `This is another ledger, under another name, than the one that you saw here on ${day}.`;
  }
}
