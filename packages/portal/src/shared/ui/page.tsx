import { useEffect, type ReactNode } from 'react';

import { cx } from './cx.ts';

interface PageProps {
  readonly title: string;
  /** What this page is for, in a sentence. */
  readonly about?: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  /** Takes the whole window: for lists in which every column counts. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** The frame of a page: its heading, what can be done here, and its contents. */
export function Page({ title, about, actions, wide = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Affidavit`;
  }, [title]);
  return (
    <div className={cx('mx-auto w-full px-4 py-5 md:px-6', wide ? 'max-w-[120rem]' : 'max-w-7xl')}>
      <header className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 grow">
          <h1 className="text-xl font-semibold tracking-tight break-words">{title}</h1>
          {about ? <p className="mt-0.5 max-w-3xl text-ink-2">{about}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, about, actions, children }: SectionProps) {
  return (
    <section className="mb-8">
      <header className="mb-2 flex flex-wrap items-end gap-2">
        <div className="min-w-0 grow">
          <h2 className="text-base font-semibold">{title}</h2>
          {about ? <p className="max-w-3xl text-ink-2">{about}</p> : null}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** A box on the page. */
export function Card({
  children,
  className = '',
}: {
  readonly children: ReactNode;
  readonly className?: string;
}) {
  return (
    <div className={`rounded-lg border border-line bg-panel p-4 ${className}`}>{children}</div>
  );
}
