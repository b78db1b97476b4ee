import type { ComponentProps } from 'react';

import { cx } from './cx.ts';

export type Look = 'plain' | 'primary' | 'danger' | 'quiet';

const LOOKS: Readonly<Record<Look, string>> = {
  plain: 'border border-line-strong bg-panel text-ink hover:bg-sunken',
  primary: 'border border-transparent bg-accent text-accent-ink hover:brightness-95',
  danger: 'border border-failed/40 bg-panel text-failed hover:bg-failed-soft',
  quiet: 'border border-transparent text-ink-2 hover:bg-sunken hover:text-ink',
};

const SHAPE =
  'inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md px-3 text-sm font-medium whitespace-nowrap ' +
  'transition-colors disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0';

export const buttonClass = (look: Look = 'plain', extra?: string): string =>
  cx(SHAPE, LOOKS[look], extra);

export interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look;
  /** Under way: it cannot be pressed again. */
  readonly busy?: boolean;
}

export function Button({ look, busy, className, disabled, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={buttonClass(look, className)}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'aria-label'> {
  /** Said by screen readers and shown as a title. */
  readonly label: string;
}

export function IconButton({ label, look = 'quiet', className, ...rest }: IconButtonProps) {
  return (
    <Button
      {...rest}
      look={look}
      aria-label={label}
      title={label}
      className={cx('w-8 px-0', className)}
    />
  );
}

export function Spinner({ className }: { readonly className?: string }) {
  return (
    <span
      aria-hidden
      className={cx(
        'inline-block size-3.5 animate-spin rounded-full border-2 border-current border-r-transparent',
        className,
      )}
    />
  );
}
