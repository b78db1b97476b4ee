import { plain } from '@affidavit/schema/plain';
import { useParams } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';

import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { count } from '../../shared/format/number.ts';
import { duration } from '../../shared/format/time.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Card, Page, Section } from '../../shared/ui/page.tsx';
import { Failed, Loading } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { ExportLink } from '../entry/entries-of.tsx';
import { EntryList } from '../entry/entry-list.tsx';
import { AgentLink } from '../links.tsx';
import type { Run } from './run.ts';
import { spansOf } from './spans.ts';
import { VerdictCard } from './verdict-card.tsx';
import { Waterfall } from './waterfall.tsx';

const PAGE = 500;

/** One run: whether it is like earlier ones, what happened when, and every entry of it. */
export function RunPage() {
  const { runId = '' } = useParams({ strict: false });
  const list = useList<Entry>(`/v1/runs/${encodeURIComponent(runId)}`, { limit: PAGE });
  const run = list.data?.pages[0] as Run | undefined;
  const title = run?.task_context ?? `Run ${runId}`;
  return (
    <Page title={plain(title)} actions={run ? <ExportLink filter={{ run_id: runId }} /> : null}>
      {list.isPending ? <Loading /> : null}
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {run ? (
        <Shown
          run={run}
          entries={list.rows}
          more={
            list.hasNextPage ? (
              <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                Show more
              </Button>
            ) : null
          }
        />
      ) : null}
    </Page>
  );
}

interface ShownProps {
  readonly run: Run;
  readonly entries: readonly Entry[];
  readonly more: ReactNode;
}

function Shown({ run, entries, more }: ShownProps) {
  const spans = useMemo(() => spansOf(entries), [entries]);
  return (
    <>
      <div className="mb-6 grid grid-cols-1 gap-3 lg:grid-cols-2">
        <Card>
          <RunFacts run={run} />
        </Card>
        <VerdictCard baseline={run.baseline} />
      </div>
      <Section
        title="What happened when"
        about={
          more
            ? `The first ${count(entries.length)} entries. Each line is one call, from its intent to its outcome.`
            : 'Each line is one call, from its intent to its outcome.'
        }
      >
        <Waterfall spans={spans} />
      </Section>
      <Section title="Entries" about="Everything that is on the trail of this run, in order.">
        <EntryList label="Entries of this run" entries={entries} />
        {more ? <div className="mt-3 flex justify-center">{more}</div> : null}
      </Section>
    </>
  );
}

function RunFacts({ run }: { readonly run: Run }) {
  const { run_id, agent_id, agent_name, started_at, last_at, calls, refused } = run;
  return (
    <Facts>
      <Fact name="Run">
        <Id value={run_id} />
      </Fact>
      <Fact name="Agent">
        <AgentLink id={agent_id}>{plain(agent_name ?? agent_id)}</AgentLink>
      </Fact>
      <Fact name="Began">
        <Time at={started_at} as="short" />
      </Fact>
      <Fact name="Took">{duration(Date.parse(last_at) - Date.parse(started_at))}</Fact>
      <Fact name="Entries">
        {count(run.entries)}
        {run.more_entries ? ' and more' : ''}
      </Fact>
      <Fact name="Calls">{count(calls)}</Fact>
      <Fact name="Refused">{count(refused)}</Fact>
    </Facts>
  );
}
