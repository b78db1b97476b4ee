import { plain } from '@affidavit/schema/plain';
import { sentenceOf } from '@affidavit/schema/sentence';
import { Link, useParams } from '@tanstack/react-router';

import { useGet } from '../../shared/api/queries.ts';
import type { Entry, Page as PageOf } from '../../shared/api/types.ts';
import { duration, exactTime, shortTime } from '../../shared/format/time.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Page, Section } from '../../shared/ui/page.tsx';
import { Answer, Empty } from '../../shared/ui/states.tsx';
import { CopyMenu } from '../entry/copy-menu.tsx';
import { alike } from '../entry/entry-jumps.tsx';
import { EntryList } from '../entry/entry-list.tsx';
import { MoodIcon, OutcomeBadge } from '../entry/mood.tsx';
import { AgentLink, GrantLink, LINK, PersonLink, RunLink, TrailLink } from '../links.tsx';
import { stepsOf } from './steps.ts';
import { Timeline } from './timeline.tsx';

/** Intent and outcome as one record, with when it began. */
interface Execution extends Entry {
  readonly execution_id: string;
  readonly started_at: string;
}

const ENTRIES_MAX = 200;

/** One execution: what was about to happen, what was decided, what was done, how it ended. */
export function ExecutionPage() {
  const { executionId = '' } = useParams({ strict: false });
  const execution = useGet<Execution>(`/v1/executions/${encodeURIComponent(executionId)}`);
  const entries = useGet<PageOf<Entry>>('/v1/events', {
    execution_id: executionId,
    order: 'asc',
    limit: ENTRIES_MAX,
  });
  return (
    <Page
      title="Execution"
      about={<Id value={executionId} />}
      actions={execution.data ? <CopyMenu entry={execution.data} /> : null}
    >
      <Answer of={execution}>
        {(data) => (
          <>
            <Summary execution={data} />
            <Answer of={entries}>{(page) => <Steps entries={page.data} />}</Answer>
            <Section title="Record" about="Its entries merged into one; the later ones win.">
              <details>
                <summary className="cursor-pointer text-ink-2 hover:text-ink">All fields</summary>
                <Json value={data} className="mt-2" />
              </details>
            </Section>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Steps({ entries }: { readonly entries: readonly Entry[] }) {
  if (entries.length === 0) {
    return (
      <Empty title="Its entries are gone">
        Their time to be kept ran out, or they were erased.
      </Empty>
    );
  }
  return (
    <>
      <Section title="Step by step">
        <Timeline steps={stepsOf(entries)} />
      </Section>
      <Section title="Entries" about="Each can be checked by itself.">
        <EntryList label="Entries of the execution" entries={entries} />
      </Section>
    </>
  );
}

/** How long it took from the first entry to the last, as the ledger has it. */
function lasted({ started_at, created_at, outcome }: Execution): string {
  const took = Date.parse(created_at) - Date.parse(started_at);
  return outcome === undefined || took <= 0 ? '' : duration(took);
}

function Summary({ execution }: { readonly execution: Execution }) {
  const { who, what, forWhom, why, mood } = sentenceOf(execution);
  const { outcome } = execution;
  return (
    <section aria-label="Summary" className="mb-6 rounded-lg border border-line bg-panel p-4">
      <div className="flex gap-2.5">
        <MoodIcon mood={mood} className="mt-1" />
        <p className="min-w-0 text-base break-words">
          <strong className="font-semibold">{who}</strong>{' '}
          {[what, forWhom, why].filter(Boolean).join(' ')}
        </p>
      </div>
      <div className="mt-3 mb-4 flex flex-wrap items-center gap-3">
        {outcome === undefined ? (
          <span className="text-ink-2">It has not ended yet.</span>
        ) : (
          <OutcomeBadge entry={execution} />
        )}
        <time dateTime={execution.started_at} title={exactTime(execution.started_at)}>
          {shortTime(execution.started_at)}
        </time>
        <span className="text-ink-2">{lasted(execution)}</span>
        <TrailLink filter={alike(execution)}>Others like this</TrailLink>
      </div>
      <Known execution={execution} />
    </section>
  );
}

const FENCE = 'fenced: a repeat under the same Idempotency-Key gets the first result';

function Known({ execution }: { readonly execution: Execution }) {
  const { agent_id, agent_name, principal_id, principal_email, grant_id, run_id, verb } = execution;
  const { trace_id } = execution;
  const repeats =
    execution.outcome === 'replayed'
      ? 'a repeat: the first result was given again, nothing was done'
      : execution.idempotent
        ? FENCE
        : undefined;
  return (
    <Facts>
      <Fact name="Agent">
        {agent_id ? <AgentLink id={agent_id}>{plain(agent_name ?? agent_id)}</AgentLink> : null}
      </Fact>
      <Fact name="For">
        {principal_id ? (
          <PersonLink id={principal_id}>{plain(principal_email ?? principal_id)}</PersonLink>
        ) : null}
      </Fact>
      <Fact name="Grant">
        {grant_id ? <GrantLink id={grant_id}>{plain(grant_id)}</GrantLink> : null}
      </Fact>
      <Fact name="Run">{run_id ? <RunLink id={run_id}>{plain(run_id)}</RunLink> : null}</Fact>
      <Fact name="Verb">
        {verb ? (
          <Link to="/verbs/$verb" params={{ verb }} className={LINK}>
            {plain(verb)}
          </Link>
        ) : null}
      </Fact>
      <Fact name="Trace" mono>
        {trace_id ? <TrailLink filter={{ trace_id }}>{plain(trace_id)}</TrailLink> : null}
      </Fact>
      <Fact name="Risk">{execution.risk_level?.toLowerCase()}</Fact>
      <Fact name="Dry run">{execution.dry_run ? 'yes: nothing was to be done' : null}</Fact>
      <Fact name="Repeats">{repeats}</Fact>
    </Facts>
  );
}
