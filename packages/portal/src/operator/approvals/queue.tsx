import { useMemo } from 'react';

import type { useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { Card } from '../../shared/ui/page.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { ApprovalDetail } from './approval-detail.tsx';
import type { Approval } from './types.ts';
import { forWhom, whatOf, whoOf } from './words.ts';

interface QueueProps {
  readonly list: ReturnType<typeof useList<Approval>>;
}

/** What waits at the left, the one that is open at the right. */
export function Queue({ list }: QueueProps) {
  const [chosen, choose] = useParam('open');
  const { rows } = list;
  const open = chosen ?? rows[0]?.approval_id;
  const keys = useMemo(() => {
    const place = rows.findIndex(({ approval_id }) => approval_id === open);
    const go = (to: number) => {
      const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
      if (row) choose(row.approval_id);
    };
    return [
      { keys: 'j', does: 'The next that waits', run: () => go(place + 1) },
      { keys: 'k', does: 'The one before', run: () => go(place - 1) },
    ];
  }, [rows, open, choose]);
  useShortcuts(keys);
  if (list.isPending) return <Loading />;
  if (list.error) return <Failed error={list.error} retry={() => void list.refetch()} />;
  if (open === undefined) return <NothingWaits />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,20rem)_minmax(0,1fr)]">
      <div className={cx(chosen !== undefined && 'max-lg:hidden')}>
        <Waiting rows={rows} open={open} onOpen={choose} />
        {list.hasNextPage ? (
          <Button
            className="mt-3 w-full"
            busy={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </Button>
        ) : null}
      </div>
      <Card className={cx(chosen === undefined && 'max-lg:hidden')}>
        <Button look="quiet" className="mb-2 lg:hidden" onClick={() => choose(undefined)}>
          All that wait
        </Button>
        <ApprovalDetail key={open} approvalId={open} onDecided={() => choose(open)} />
      </Card>
    </div>
  );
}

interface WaitingProps {
  readonly rows: readonly Approval[];
  readonly open: string;
  readonly onOpen: (approvalId: string) => void;
}

function Waiting({ rows, open, onOpen }: WaitingProps) {
  if (rows.length === 0) return <p className="px-3 py-2 text-ink-2">Nothing else waits.</p>;
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
      {rows.map((row) => (
        <li key={row.approval_id}>
          <button
            type="button"
            aria-current={row.approval_id === open || undefined}
            onClick={() => onOpen(row.approval_id)}
            className="block w-full px-3 py-2.5 text-left -outline-offset-2 hover:bg-sunken aria-[current]:bg-accent-soft"
          >
            <span className="flex items-baseline justify-between gap-2">
              <span className="min-w-0 truncate font-medium">{whatOf(row)}</span>
              {row.request?.risk_level ? <Risk level={row.request.risk_level} /> : null}
            </span>
            <span className="mt-0.5 flex items-baseline justify-between gap-2 text-ink-2">
              <span className="min-w-0 truncate">
                {whoOf(row)}
                {forWhom(row) ? ` for ${forWhom(row)}` : ''}
              </span>
              <span className="shrink-0 text-xs">
                <Time at={row.created_at} />
              </span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Risk({ level }: { readonly level: string }) {
  const isHigh = level === 'HIGH' || level === 'CRITICAL';
  return <Badge tone={isHigh ? 'refused' : 'neutral'}>{level.toLowerCase()} risk</Badge>;
}

function NothingWaits() {
  const { data } = useWhoami();
  return (
    <Empty title="Nothing waits for you">
      A policy of the kind “A person approves”, or a verb with that rule, makes calls wait here.
      This page looks again every few seconds.
      {data && mayChange(data) ? (
        <LinkButton to="/policies/$policyId" params={{ policyId: 'new' }}>
          Write such a policy
        </LinkButton>
      ) : null}
    </Empty>
  );
}
