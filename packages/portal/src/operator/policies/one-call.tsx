import { useState } from 'react';

import { useGet, useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { ago, exactTime } from '../../shared/format/time.ts';
import { Badge, inWords } from '../../shared/ui/badge.tsx';
import { Spinner } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { Failed } from '../../shared/ui/states.tsx';
import { ExecutionLink } from '../links.tsx';
import { useParam } from '../use-param.ts';
import { sampleOf, useTested } from './questions.ts';
import { PolicyName } from './policy-name.tsx';
import type { PolicyChange, Tested } from './types.ts';

interface OneCallProps {
  /** Absent: the policies are asked as they are. */
  readonly change: PolicyChange | undefined;
  /** Whether the change can be asked about: it is sound. */
  readonly ready: boolean;
}

/** What policies would say to one call of the past. Which one stands in the address. */
export function OneCall({ change, ready }: OneCallProps) {
  const [chosen, choose] = useParam('test');
  return (
    <>
      <Choice chosen={chosen} onChoose={choose} />
      {chosen === undefined ? null : (
        <Verdicts key={chosen} execution_id={chosen} change={change} ready={ready} />
      )}
    </>
  );
}

const clipped = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
const pathOf = (url: string | undefined) => URL.parse(url ?? '')?.pathname ?? '';

function inOneLine(record: Entry): string {
  const { agent_name, agent_id, method, provider, url, created_at, outcome } = record;
  const who = agent_name ?? agent_id ?? 'a service';
  const what = [method, provider, clipped(pathOf(url))].filter(Boolean).join(' ');
  return `${who}: ${what} (${inWords(outcome ?? 'open')}, ${ago(created_at)})`;
}

interface ChoiceProps {
  readonly chosen: string | undefined;
  readonly onChoose: (execution_id: string | undefined) => void;
}

function Choice({ chosen, onChoose }: ChoiceProps) {
  const denied = useList<Entry>('/v1/executions', { policy_decision: 'DENY', limit: 15 });
  const allowed = useList<Entry>('/v1/executions', { policy_decision: 'ALLOW', limit: 15 });
  const [typed, setTyped] = useState('');
  const recent = [...denied.rows, ...allowed.rows].filter(
    ({ execution_id, url }) => execution_id !== undefined && url !== undefined,
  );
  const options = recent.map((record) => ({
    value: record.execution_id as string,
    label: inOneLine(record),
  }));
  const isListed = options.some(({ value }) => value === chosen);
  return (
    <div className="flex flex-col gap-3">
      <SelectField
        label="A call of the past"
        value={chosen ?? ''}
        onChange={(value) => onChoose(value || undefined)}
        options={[
          { value: '', label: 'Choose one, refused ones first' },
          ...(chosen === undefined || isListed ? [] : [{ value: chosen, label: chosen }]),
          ...options,
        ]}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() !== '') onChoose(typed.trim());
        }}
      >
        <TextField
          label="Or its id"
          value={typed}
          onChange={setTyped}
          placeholder="exe_…"
          hint="Enter asks."
        />
      </form>
    </div>
  );
}

interface VerdictsProps extends OneCallProps {
  readonly execution_id: string;
}

function Verdicts({ execution_id, change, ready }: VerdictsProps) {
  const shown = useGet<Entry>(`/v1/executions/${encodeURIComponent(execution_id)}`);
  const sample = shown.data ? sampleOf(shown.data) : null;
  const tested = useTested(sample, change, { enabled: ready });
  if (shown.error) return <Failed error={shown.error} />;
  if (!shown.data) return <Spinner className="mt-4" />;
  const record = shown.data;
  return (
    <div className="mt-4 flex flex-col gap-3">
      <p className="break-words">
        <ExecutionLink id={execution_id}>{inOneLine(record)}</ExecutionLink>
      </p>
      <Verdict
        name="On the record"
        allowed={record.policy_decision}
        policy_id={record.policy_id}
        title={exactTime(record.created_at)}
      />
      {sample === null ? (
        <p className="text-ink-2">The record does not say enough to decide this call again.</p>
      ) : (
        <Now tested={tested} isDraft={change !== undefined} />
      )}
    </div>
  );
}

interface NowProps {
  readonly tested: ReturnType<typeof useTested>;
  readonly isDraft: boolean;
}

function Now({ tested: { data, error, isFetching }, isDraft }: NowProps) {
  if (error) return <Failed error={error} />;
  if (!data) return <Spinner />;
  return (
    <div aria-live="polite" className={isFetching ? 'opacity-60' : ''}>
      <Verdict
        name={isDraft ? 'With this change' : 'With the policies as they are'}
        allowed={data.approval ? 'APPROVAL' : data.policy_decision}
        policy_id={data.policy_id}
      />
      <p className="mt-1.5 text-sm break-words text-ink-2">{data.explanation}</p>
      <Checks tested={data} />
    </div>
  );
}

const SAID = {
  ALLOW: ['good', 'allowed'],
  DENY: ['refused', 'refused'],
  APPROVAL: ['open', 'waits for a person'],
} as const;

interface VerdictProps {
  readonly name: string;
  readonly allowed: string | undefined;
  readonly policy_id: string | undefined;
  readonly title?: string;
}

function Verdict({ name, allowed, policy_id, title }: VerdictProps) {
  const [tone, word] = SAID[allowed as keyof typeof SAID] ?? ['neutral', 'not decided'];
  return (
    <p title={title} className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <span className="font-medium">{name}</span>
      <Badge tone={tone}>{word}</Badge>
      {policy_id ? (
        <span className="min-w-0 text-xs break-words text-ink-2">
          by <PolicyName id={policy_id} />
        </span>
      ) : null}
    </p>
  );
}

const RESULTS: Readonly<Record<string, string>> = {
  denies: 'refuses',
  errs: 'cannot be evaluated',
  requires_approval: 'asks for an approval',
  counts: 'counts it',
  passes: 'lets it pass',
};

function Checks({ tested }: { readonly tested: Tested }) {
  return (
    <details className="mt-2">
      <summary className="cursor-pointer text-sm text-accent">
        All {tested.policies.length} rules that were looked at
      </summary>
      <ul className="mt-2 flex flex-col gap-1 text-sm">
        {tested.policies.map(({ policy_id, result, explanation, policy }) => (
          <li key={policy_id} className="flex justify-between gap-3" title={explanation}>
            <span className="min-w-0 break-words">
              {policy?.name ?? <code className="text-[0.8125rem]">{policy_id}</code>}
            </span>
            <span
              className={result === 'denies' || result === 'errs' ? 'text-refused' : 'text-ink-2'}
            >
              {RESULTS[result]}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
