import type { ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { Button } from './button.tsx';
import { cx } from './cx.ts';
import { Dialog } from './dialog.tsx';
import { explain } from './toast.tsx';

/** What an error of the API says of a field of a form, by its name or what is below it. */
export function faultOf(error: unknown, ...names: readonly string[]): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { field, expected } = error.problem;
  const concerns = (name: string) =>
    field === name || field?.startsWith(`${name}.`) || field?.startsWith(`${name}[`);
  if (!names.some(concerns)) return undefined;
  const isSaid = expected === undefined || error.message.includes(expected);
  return isSaid ? error.message : `${error.message}: ${expected}`;
}

interface FormProps {
  readonly children: ReactNode;
  /** What the button does: `Mint the key`. */
  readonly action: string;
  readonly busy: boolean;
  /** Why it did not work the last time. */
  readonly error?: unknown;
  readonly onSubmit: () => void;
  readonly onCancel?: () => void;
  readonly disabled?: boolean;
  /** Buttons at the left, beside those that all forms have. */
  readonly beside?: ReactNode;
  /** In a dialog: its buttons stay in sight, however long it is. */
  readonly inDialog?: true;
}

/** Fields, one below the other, what went wrong, and the button that sends them. */
export function Form({ children, action, busy, error, onSubmit, onCancel, ...rest }: FormProps) {
  const fault = error ? explain(error) : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <div className="flex flex-col gap-4">{children}</div>
      {fault ? (
        <p role="alert" className="mt-4 rounded-md bg-failed-soft px-3 py-2 text-failed">
          {fault.title}
          {fault.description ? <span className="block text-xs">{fault.description}</span> : null}
        </p>
      ) : null}
      <div
        className={cx(
          'mt-5 flex flex-wrap justify-end gap-2',
          rest.inDialog &&
            'sticky -bottom-4 -mx-5 -mb-4 rounded-b-xl border-t border-line bg-panel px-5 py-3',
        )}
      >
        {rest.beside ? <div className="grow">{rest.beside}</div> : null}
        {onCancel ? <Button onClick={onCancel}>Cancel</Button> : null}
        <Button type="submit" look="primary" busy={busy} disabled={rest.disabled ?? false}>
          {action}
        </Button>
      </div>
    </form>
  );
}

interface FormDialogProps extends Omit<FormProps, 'onCancel'> {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly wide?: boolean;
}

/** A form above the page. */
export function FormDialog({ open, onClose, title, description, wide, ...form }: FormDialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      wide={wide ?? false}
    >
      <Form {...form} onCancel={onClose} inDialog />
    </Dialog>
  );
}
