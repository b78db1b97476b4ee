import { Plus } from 'lucide-react';
import { useMemo, useRef } from 'react';

import { Button } from '../shared/ui/button.tsx';
import { useShortcuts } from '../shared/ui/shortcuts.ts';

interface AddButtonProps {
  /** What is begun: `Add a destination`. */
  readonly label: string;
  readonly onAdd: () => void;
  /** Why one may not. */
  readonly barred?: string | undefined;
}

/** The button of a page that begins something new, also by the key `n`. */
export function AddButton({ label, onAdd, barred }: AddButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useShortcuts(
    useMemo(() => {
      const run = () => {
        // Where the focus comes back to when what is opened is closed.
        button.current?.focus();
        button.current?.click();
      };
      return [{ keys: 'n', does: label, run }];
    }, [label]),
  );
  return (
    <Button
      ref={button}
      look="primary"
      onClick={onAdd}
      disabled={barred !== undefined}
      title={barred}
    >
      <Plus /> {label}
    </Button>
  );
}
