import { plain } from '@affidavit/schema/plain';

import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { ExportLink } from '../entry/entries-of.tsx';
import { EntryList, EntryListDrawer } from '../entry/entry-list.tsx';
import { RunLink } from '../links.tsx';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import { useParam } from '../use-param.ts';
import { blocksOf, type Block } from './blocks.ts';

const PRESET = '7d';
const PAGE = 200;

/** What can be shown of an agent, and how the API is asked for it. */
const KINDS = [
  { value: 'use', label: 'Credentials, calls and actions', query: {} },
  { value: 'tokens', label: 'Tokens only', query: { event_type: 'token.*' } },
  { value: 'refused', label: 'Refused only', query: { outcome: ['policy_denied', 'blocked'] } },
  {
    value: 'all',
    label: 'Everything, its administration too',
    query: { category: ['credential', 'api', 'action', 'grant', 'admin', 'end_user', 'system'] },
  },
] as const;

const USE = { category: ['credential', 'api', 'action'] };

/** Every credential that an agent minted and used and every call it made, in order, with its tasks. */
export function AgentTimeline({ agentId }: { readonly agentId: string }) {
  const period = usePeriod(PRESET);
  const [show, setShow] = useParam('show');
  const kind = KINDS.find(({ value }) => value === show) ?? KINDS[0];
  const path = `/v1/agents/${encodeURIComponent(agentId)}/timeline`;
  const list = useList<Entry>(path, { ...period, ...kind.query, limit: PAGE });
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <RangePicker preset={PRESET} />
        <select
          aria-label="What is shown"
          value={kind.value}
          onChange={(event) => setShow(event.target.value)}
          className="min-h-8 rounded-md border border-line-strong bg-panel py-1 pr-7 pl-2.5 text-sm font-medium text-ink"
        >
          {KINDS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <span className="grow" />
        <ExportLink filter={{ agent: agentId, ...USE, ...kind.query, ...period }} />
      </div>
      {list.isPending ? <Loading /> : null}
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && list.rows.length === 0 ? (
        <Empty title="Nothing in this time">Choose a longer range, or all time.</Empty>
      ) : null}
      {blocksOf(list.rows).map((block) => (
        <TaskBlock key={block.entries[0]?.event_id} block={block} />
      ))}
      <EntryListDrawer entries={list.rows} />
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

function TaskBlock({ block }: { readonly block: Block }) {
  const { run_id, task_context, entries } = block;
  const title = plain(task_context ?? (run_id === undefined ? 'No task' : 'A run without a task'));
  return (
    <section className="mb-4">
      <h2 className="mb-1 flex flex-wrap items-baseline gap-x-3 text-sm">
        <span className="font-semibold break-words">{title}</span>
        <RunLink id={run_id}>{plain(run_id)}</RunLink>
      </h2>
      <EntryList label={title} entries={entries} drawer={false} />
    </section>
  );
}
