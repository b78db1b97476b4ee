import { ArrowDownWideNarrow, ArrowUpNarrowWide } from 'lucide-react';

import { Button } from '../../shared/ui/button.tsx';
import { orderOf } from './filters.ts';
import type { Question } from './use-question.ts';

/** By time, from either end. */
export function OrderButton({ search, change }: Question) {
  const isOldest = orderOf(search) === 'asc';
  const Icon = isOldest ? ArrowUpNarrowWide : ArrowDownWideNarrow;
  return (
    <Button
      onClick={() =>
        change((before) => ({ ...before, order: isOldest ? undefined : 'asc', live: undefined }))
      }
      title={isOldest ? 'Show the newest first' : 'Show the oldest first'}
    >
      <Icon aria-hidden />
      <span className="max-sm:sr-only">{isOldest ? 'Oldest first' : 'Newest first'}</span>
    </Button>
  );
}
