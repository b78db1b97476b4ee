import type { ReactNode } from 'react';

interface BarProps {
  /** How long it is, of 1. */
  readonly share: number;
  readonly children: ReactNode;
}

/** A figure in a table, with a bar that lets one compare it with those above and below. */
export function Bar({ share, children }: BarProps) {
  return (
    <span className="flex min-w-28 items-center gap-2">
      <span className="w-12 shrink-0 text-right tabular-nums">{children}</span>
      <span aria-hidden className="h-2 grow rounded-full bg-sunken">
        <span
          className="block h-full min-w-0.5 rounded-full bg-accent"
          style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
        />
      </span>
    </span>
  );
}
