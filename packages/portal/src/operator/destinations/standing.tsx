import type { ReactNode } from 'react';

import { count } from '../../shared/format/number.ts';
import { Card } from '../../shared/ui/page.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { lagInWords, troubleOf, type Destination } from './destination.ts';
import { LagLine } from './lag-line.tsx';

interface FigureProps {
  readonly name: string;
  readonly children: ReactNode;
  readonly about?: ReactNode;
}

function Figure({ name, children, about }: FigureProps) {
  return (
    <Card className="min-w-0 p-3">
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="mt-0.5 text-base font-medium break-words tabular-nums">{children}</dd>
      {about ? <dd className="mt-1 text-xs text-ink-2">{about}</dd> : null}
    </Card>
  );
}

interface StandingProps {
  readonly of: Destination;
  readonly at: number;
}

/** How it stands with a destination, in figures; what is in the way comes first. */
export function Standing({ of, at }: StandingProps) {
  const trouble = troubleOf(of);
  const { last_delivered_at, error, error_at, retry_at } = of;
  return (
    <div className="mb-6">
      {trouble ? (
        <div className="mb-3 rounded-md bg-refused-soft px-3 py-2 text-refused">
          <p className="font-medium break-words">{trouble.title}</p>
          <p>
            {trouble.advice}
            {retry_at && of.state === 'retrying' ? (
              <>
                {' '}
                Next try <Time at={retry_at} />.
              </>
            ) : null}
          </p>
        </div>
      ) : null}
      <dl className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-6">
        <Figure name="Behind" about={<LagLine lag={of.lag_entries} at={at} />}>
          {lagInWords(of)}
        </Figure>
        <Figure name="Delivered up to" about="the number (seq) of the last entry done with">
          {of.cursor < 0 ? 'nothing yet' : count(of.cursor)}
        </Figure>
        <Figure name="Delivered" about={`${of.delivered_per_second} a second`}>
          {count(of.delivered)}
        </Figure>
        <Figure name="Dead letters" about="refused for good">
          {count(of.dead_letters)}
        </Figure>
        <Figure name="Last success">
          {last_delivered_at ? <Time at={last_delivered_at} /> : 'none yet'}
        </Figure>
        <Figure
          name="Last error"
          about={error ? <span className="line-clamp-3 break-words">{error}</span> : null}
        >
          {error_at ? <Time at={error_at} /> : 'none'}
        </Figure>
      </dl>
    </div>
  );
}
