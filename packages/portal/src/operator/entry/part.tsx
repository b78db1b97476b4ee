import { Children, type ReactNode } from 'react';

interface PartProps {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A group of fields of an entry. */
export function Part({ title, actions, children }: PartProps) {
  if (Children.toArray(children).length === 0) return null;
  return (
    <section className="border-t border-line pt-4">
      <header className="mb-2 flex items-center gap-2">
        <h3 className="grow text-sm font-semibold">{title}</h3>
        {actions}
      </header>
      {children}
    </section>
  );
}
