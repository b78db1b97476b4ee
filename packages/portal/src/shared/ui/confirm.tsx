import { useState, type ReactNode } from 'react';

import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';

interface ConfirmProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onConfirm: (reason: string) => void;
  readonly title: string;
  /** What will be so afterwards, and whether it can be undone. */
  readonly children: ReactNode;
  /** What the button does: `Revoke the key`. */
  readonly action: string;
  readonly busy?: boolean;
  /** Asks for a reason, and does not go on without. */
  readonly reason?: 'required';
}

/** Large enough for a finger, where there is one. */
const FINGER = 'pointer-coarse:min-h-11';

/** Asks before something that cannot be undone. */
export function Confirm({
  open,
  onClose,
  onConfirm,
  title,
  children,
  action,
  busy,
  reason,
}: ConfirmProps) {
  const [why, setWhy] = useState('');
  return (
    <Dialog open={open} onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(why);
        }}
      >
        <div className="text-ink-2">{children}</div>
        {reason ? (
          <div className="mt-4">
            <TextField label="Reason, for the record" value={why} onChange={setWhy} required />
          </div>
        ) : null}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose} className={FINGER}>
            Cancel
          </Button>
          <Button type="submit" look="danger" busy={busy ?? false} className={FINGER}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
