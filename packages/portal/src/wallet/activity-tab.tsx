import { Download } from 'lucide-react';
import { useMemo } from 'react';

import { useList } from '../shared/api/queries.ts';
import { Button, buttonClass } from '../shared/ui/button.tsx';
import { Empty, Failed, Loading } from '../shared/ui/states.tsx';
import { ActivityFilters } from './activity-filters.tsx';
import { go, useAddress } from './address.ts';
import { PATHS, type Deed, type Wallet } from './api.ts';
import { byDay } from './days.ts';
import { DeedItem } from './deed-item.tsx';
import { csvOf, FILTERS, questionOf } from './deeds.ts';
import { OwnCheck } from './own-check.tsx';

const PAGE = 50;

/** What was done with this person's data, in sentences, day by day. */
export function ActivityTab({ wallet }: { readonly wallet: Wallet }) {
  const address = useAddress();
  const list = useList<Deed>(PATHS.activity, { ...questionOf(address), limit: PAGE });
  const days = useMemo(() => byDay(list.rows), [list.rows]);
  return (
    <section aria-labelledby="activity-title">
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <h2 id="activity-title" className="min-w-0 grow text-lg font-semibold">
          What was done with your data
        </h2>
        <a href={csvOf(address)} download="" className={buttonClass('plain', 'min-h-11')}>
          <Download aria-hidden /> Save as CSV
        </a>
      </div>
      <ActivityFilters address={address} />
      {list.isPending ? <Loading /> : null}
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {list.data && list.rows.length === 0 ? (
        <Nothing isFiltered={FILTERS.some((name) => address[name])} wallet={wallet} />
      ) : null}
      {list.rows.length > 0 ? <OwnCheck deeds={list.rows} /> : null}
      {days.map(({ name, rows }) => (
        <section key={name} className="mb-6">
          <h3 className="mb-2 font-semibold text-ink-2">{name}</h3>
          <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
            {rows.map((deed) => (
              <DeedItem key={deed.event_id} deed={deed} />
            ))}
          </ul>
        </section>
      ))}
      {list.hasNextPage ? (
        <Button
          className="min-h-11 w-full"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </section>
  );
}

interface NothingProps {
  readonly isFiltered: boolean;
  readonly wallet: Wallet;
}

function Nothing({ isFiltered, wallet }: NothingProps) {
  if (!isFiltered) {
    return (
      <Empty title="Nothing was done yet">
        As soon as an agent of {wallet.app_name} uses an account of yours, it stands here.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing like this was done">
      <Button
        className="min-h-11"
        onClick={() => go(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
      >
        Show everything
      </Button>
    </Empty>
  );
}
