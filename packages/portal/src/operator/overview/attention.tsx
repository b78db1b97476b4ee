import { Link, type LinkProps } from '@tanstack/react-router';
import { CircleAlert, CircleCheck, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

import { count, plural } from '../../shared/format/number.ts';
import { cx } from '../../shared/ui/cx.ts';
import { Time } from '../../shared/ui/time.tsx';
import { useNeeds, type Need } from './needs.ts';

/** What waits for somebody, and how the ledger is. Each card leads to where something can be done. */
export function Attention() {
  const { needs, ledger, isPending } = useNeeds();
  return (
    <section aria-label="What needs attention" className="mb-5">
      <ul className="grid grid-cols-2 gap-2 sm:grid-cols-3 xl:grid-cols-5">
        {needs.map((need) => (
          <NeedCard key={need.what} need={need} />
        ))}
        {needs.length === 0 && !isPending ? (
          <Card icon={CircleCheck} tone="text-good" title="Nothing waits for you">
            No call is open, no alarm is up.
          </Card>
        ) : null}
        {ledger ? (
          <Card
            icon={CircleCheck}
            tone="text-ink-3"
            title={plural(ledger.size, 'entry', 'entries')}
            to={{ to: '/evidence' }}
          >
            signed <Time at={ledger.last_created_at} />
            {ledger.witnesses.length > 0
              ? `, cosigned by ${count(ledger.witnesses.filter(({ status }) => status === 'ok').length)} of ${plural(ledger.witnesses.length, 'witness', 'witnesses')}`
              : ', no witness'}
          </Card>
        ) : null}
      </ul>
    </section>
  );
}

function NeedCard({ need }: { readonly need: Need }) {
  const { what, about, to, tone } = need;
  return (
    <Card icon={CircleAlert} tone={tone} title={what} to={to}>
      {about}
    </Card>
  );
}

interface CardProps {
  readonly icon: LucideIcon;
  readonly tone: string;
  readonly title: string;
  readonly to?: LinkProps;
  readonly children: ReactNode;
}

const CARD = 'flex h-full items-start gap-2 rounded-lg border border-line bg-panel px-3 py-2.5';

function Card({ icon: Icon, tone, title, to, children }: CardProps) {
  const contents = (
    <>
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', tone)} />
      <span className="min-w-0 wrap-anywhere">
        <span className="block font-medium">{title}</span>
        <span className="block text-xs text-ink-2">{children}</span>
      </span>
    </>
  );
  return (
    <li>
      {to ? (
        <Link {...to} className={cx(CARD, 'hover:bg-sunken')}>
          {contents}
        </Link>
      ) : (
        <div className={CARD}>{contents}</div>
      )}
    </li>
  );
}
