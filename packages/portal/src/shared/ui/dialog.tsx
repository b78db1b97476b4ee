import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef, type ReactNode } from 'react';

import { IconButton } from './button.tsx';
import { cx } from './cx.ts';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

const BACKDROP = 'fixed inset-0 z-40 bg-black/35 dark:bg-black/60';

/** A question or a form above the page. Escape and a click beside it close it. */
export function Dialog({ open, onClose, title, description, children, wide }: DialogProps) {
  const contents = useRef<HTMLDivElement>(null);
  // What is to be filled in comes before the button that closes.
  const firstControl = () =>
    contents.current?.querySelector<HTMLElement>('input, select, textarea') ?? true;
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          initialFocus={firstControl}
          className={cx(
            'fixed top-1/2 left-1/2 z-50 flex max-h-[90dvh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2',
            'flex-col rounded-xl border border-line bg-panel shadow-float',
            wide ? 'max-w-3xl' : 'max-w-lg',
          )}
        >
          <header className="flex items-start gap-3 border-b border-line px-5 py-4">
            <div className="min-w-0 grow">
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {description ? (
                <Base.Description className="mt-1 text-ink-2">{description}</Base.Description>
              ) : null}
            </div>
            <Base.Close render={<IconButton label="Close" />}>
              <X />
            </Base.Close>
          </header>
          <div ref={contents} className="overflow-y-auto px-5 py-4">
            {children}
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface DrawerProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** Buttons beside the one that closes it. */
  readonly actions?: ReactNode;
  /** The page stays usable beside it, with its keys. */
  readonly beside?: boolean;
  readonly children: ReactNode;
}

/** A panel from the right, or the whole page of a phone. */
export function Drawer({ open, onClose, title, actions, beside = false, children }: DrawerProps) {
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => !next && onClose()}
      modal={!beside}
      disablePointerDismissal={beside}
    >
      <Base.Portal>
        {beside ? null : <Base.Backdrop className={BACKDROP} />}
        <Base.Popup
          data-beside={beside || undefined}
          className="fixed inset-y-0 right-0 z-50 flex w-full max-w-2xl flex-col border-l border-line bg-panel shadow-float"
        >
          <header className="flex items-center gap-1 border-b border-line px-5 py-3">
            <Base.Title className="min-w-0 grow truncate text-base font-semibold">
              {title}
            </Base.Title>
            {actions}
            <Base.Close render={<IconButton label="Close" />}>
              <X />
            </Base.Close>
          </header>
          <div className="grow overflow-y-auto px-5 py-4">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
