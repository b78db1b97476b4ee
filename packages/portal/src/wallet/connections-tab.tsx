import { plural } from '../shared/format/number.ts';
import { useList } from '../shared/api/queries.ts';
import { Button } from '../shared/ui/button.tsx';
import { Empty, Failed, Loading } from '../shared/ui/states.tsx';
import { PATHS, type Connection, type Wallet } from './api.ts';
import { ConnectionCard } from './connection-card.tsx';

/** Who may use this person's accounts. */
export function ConnectionsTab({ wallet }: { readonly wallet: Wallet }) {
  const list = useList<Connection>(PATHS.connections, { limit: 100 });
  if (list.isPending) return <Loading />;
  if (list.error) return <Failed error={list.error} retry={() => void list.refetch()} />;
  const live = list.rows.filter(({ status }) => status !== 'revoked');
  const ended = list.rows.filter(({ status }) => status === 'revoked');
  return (
    <section aria-labelledby="access-title">
      <h2 id="access-title" className="mb-1 text-lg font-semibold">
        Who can use your accounts
      </h2>
      <p className="mb-4 text-ink-2">
        These accounts of yours are connected to {wallet.app_name}. Whatever you end here ends at
        once.
      </p>
      {live.length === 0 ? (
        <Empty title="Nothing is connected">
          No agent of {wallet.app_name} can use an account of yours.
        </Empty>
      ) : (
        <ul className="flex flex-col gap-4">
          {live.map((connection) => (
            <li key={connection.grant_id}>
              <ConnectionCard connection={connection} wallet={wallet} />
            </li>
          ))}
        </ul>
      )}
      {ended.length > 0 ? (
        <details className="mt-6">
          <summary className="min-h-11 cursor-pointer py-2 text-ink-2">
            {plural(ended.length, 'connection')} that ended
          </summary>
          <ul className="mt-2 flex flex-col gap-4">
            {ended.map((connection) => (
              <li key={connection.grant_id}>
                <ConnectionCard connection={connection} wallet={wallet} />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {list.hasNextPage ? (
        <Button
          className="mt-4 min-h-11 w-full"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </section>
  );
}
