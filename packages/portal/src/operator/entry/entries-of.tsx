import { Download } from 'lucide-react';
import type { ReactNode } from 'react';

import { addressOf, withApp, type Params } from '../../shared/api/client.ts';
import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Button, buttonClass } from '../../shared/ui/button.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { EntryList } from './entry-list.tsx';

const PAGE = 100;

interface EntriesOfProps {
  readonly label: string;
  /** A list of entries of the API. */
  readonly path: string;
  readonly query?: Params;
  readonly empty: { readonly title: string; readonly children?: ReactNode };
}

/** The entries of one thing, page by page. */
export function EntriesOf({ label, path, query = {}, empty }: EntriesOfProps) {
  const list = useList<Entry>(path, { ...query, limit: PAGE });
  if (list.isPending) return <Loading />;
  if (list.error) return <Failed error={list.error} retry={() => void list.refetch()} />;
  if (list.rows.length === 0) return <Empty {...empty} />;
  return (
    <>
      <EntryList label={label} entries={list.rows} />
      {list.hasNextPage ? (
        <div className="mt-3 flex justify-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}

/** Downloads all entries that a filter finds, however many, as CSV. */
export function ExportLink({ filter }: { readonly filter: Params }) {
  const address = addressOf('/v1/events/export', withApp({ ...filter, format: 'csv' }));
  return (
    <a href={address} download className={buttonClass()}>
      <Download /> CSV
    </a>
  );
}
