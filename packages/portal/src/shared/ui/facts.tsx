import type { ReactNode } from 'react';

import { cx } from './cx.ts';

/** What is known of one thing: names and values. Values that are absent are left out. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm">{children}</dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly children?: ReactNode;
  readonly mono?: boolean;
}

export function Fact({ name, children, mono }: FactProps) {
  if (children === undefined || children === null || children === '') return null;
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className={cx('min-w-0 break-words', mono && 'font-mono text-[0.8125rem]')}>
        {children}
      </dd>
    </>
  );
}
