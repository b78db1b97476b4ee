import type { ReactNode } from 'react';

import { Button, Spinner } from './button.tsx';
import { explain } from './toast.tsx';

/** What a page shows instead of its contents: nothing yet, not now, or not there. */

interface EmptyProps {
  readonly title: string;
  /** The next step, in a sentence; a button or a link may follow. */
  readonly children?: ReactNode;
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-4 py-14 text-center">
      <p className="text-base font-medium">{title}</p>
      <div className="flex flex-col items-center gap-3 text-ink-2">{children}</div>
    </div>
  );
}

export function Loading({ what = 'Loading' }: { readonly what?: string }) {
  return (
    <div role="status" className="flex items-center justify-center gap-2 py-14 text-ink-3">
      <Spinner /> {what} …
    </div>
  );
}

interface FailedProps {
  readonly error: unknown;
  readonly retry?: () => void;
}

export function Failed({ error, retry }: FailedProps) {
  const { title, description } = explain(error);
  return (
    <div
      role="alert"
      className="mx-auto flex max-w-md flex-col items-center gap-2 px-4 py-14 text-center"
    >
      <p className="text-base font-medium text-failed">{title}</p>
      {description ? <p className="text-ink-2">{description}</p> : null}
      {retry ? <Button onClick={retry}>Try again</Button> : null}
    </div>
  );
}

interface AnswerProps<T> {
  readonly of: {
    readonly data: T | undefined;
    readonly error: unknown;
    readonly isPending: boolean;
    readonly refetch: () => unknown;
  };
  readonly children: (data: T) => ReactNode;
}

/** What was asked for, once it is there; else that it is on its way, or why not. */
export function Answer<T>({ of, children }: AnswerProps<T>) {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return <Failed error={of.error} retry={() => void of.refetch()} />;
  return <Loading />;
}

interface ProgressProps {
  readonly done: number;
  readonly total: number;
  readonly label: string;
}

export function Progress({ done, total, label }: ProgressProps) {
  return (
    <div>
      <div className="mb-1 flex justify-between text-xs text-ink-2">
        <span>{label}</span>
        <span className="tabular-nums">
          {done.toLocaleString('en')} of {total.toLocaleString('en')}
        </span>
      </div>
      <progress
        aria-label={label}
        value={done}
        max={Math.max(total, 1)}
        className="h-2 w-full accent-accent"
      />
    </div>
  );
}
