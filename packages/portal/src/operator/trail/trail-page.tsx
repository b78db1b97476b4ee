import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Page } from '../../shared/ui/page.tsx';
import { Loading } from '../../shared/ui/states.tsx';
import { EntryList } from '../entry/entry-list.tsx';

export function TrailPage() {
  const list = useList<Entry>('/v1/events', { limit: 100 });
  return (
    <Page title="Trail">
      {list.isPending ? <Loading /> : <EntryList label="Entries" entries={list.rows} />}
    </Page>
  );
}
