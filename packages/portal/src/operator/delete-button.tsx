import { useNavigate } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { useChange } from '../shared/api/queries.ts';
import { Button } from '../shared/ui/button.tsx';
import { Confirm } from '../shared/ui/confirm.tsx';
import type { Place } from './places.ts';

interface DeleteButtonProps {
  /** What it is, in a word: `policy`. */
  readonly what: string;
  readonly remove: () => Promise<unknown>;
  /** The page of the list it is in. */
  readonly list: Place['path'];
  /** Paths of the API whose answers are not true any more. */
  readonly changes: readonly string[];
  /** What will be so afterwards. */
  readonly children: ReactNode;
}

/** Deletes the thing that a page is about, once one has said so, and goes back to its list. */
export function DeleteButton({ what, remove, list, changes, children }: DeleteButtonProps) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const removing = useChange({
    mutationFn: async () => {
      await remove();
      // First away from its page: what is gone is not asked for again.
      await navigate({ to: list });
    },
    changes,
    done: `The ${what} was deleted`,
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        <Trash2 /> Delete
      </Button>
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => removing.mutate(undefined)}
        title={`Delete this ${what}?`}
        action={`Delete the ${what}`}
        busy={removing.isPending}
      >
        {children}
      </Confirm>
    </>
  );
}
