import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { ApiError } from '../api/client.ts';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';

/** Short words on what was just done, at the edge of the page; read out by screen readers. */

const SHOWN_MS = 5000;
const FAILURE_SHOWN_MS = 12_000;

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  return (
    <Toast.Provider timeout={SHOWN_MS}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-60 flex w-[calc(100vw-2rem)] max-w-sm flex-col gap-2">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Toasts() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={cx(
        'flex items-start gap-2 rounded-lg border bg-panel py-2 pr-2 pl-3 shadow-float',
        toast.type === 'failed' ? 'border-failed/50' : 'border-line',
      )}
    >
      <div className="min-w-0 grow py-1">
        <Toast.Title
          className={cx('text-sm font-medium', toast.type === 'failed' && 'text-failed')}
        />
        <Toast.Description className="mt-0.5 text-xs break-words text-ink-2" />
      </div>
      <Toast.Close render={<IconButton label="Dismiss" />}>
        <X />
      </Toast.Close>
    </Toast.Root>
  ));
}

/** What went wrong and what to do, of an error of the API. */
export function explain(error: unknown): { title: string; description?: string } {
  if (!(error instanceof ApiError)) return { title: 'Something went wrong in this page.' };
  const { advice, expected, field } = error.problem;
  const hints = [
    field !== undefined && expected !== undefined ? `${field}: expected ${expected}` : null,
    advice ?? null,
  ].filter((hint) => hint !== null);
  return { title: error.message, ...(hints.length > 0 ? { description: hints.join(' · ') } : {}) };
}

export function useToast() {
  const { add } = Toast.useToastManager();
  return {
    good: (title: string, description?: string) =>
      void add({ title, type: 'good', ...(description === undefined ? {} : { description }) }),
    failed: (error: unknown) =>
      void add({ ...explain(error), type: 'failed', priority: 'high', timeout: FAILURE_SHOWN_MS }),
  };
}
