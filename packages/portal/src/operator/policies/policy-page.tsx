import { useNavigate, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useGet } from '../../shared/api/queries.ts';
import { useSettled } from '../../shared/use-settled.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Card, Page } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { DeleteButton } from '../delete-button.tsx';
import { TrailLink } from '../links.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { toDraft, toInput } from './draft.ts';
import { useNames } from './names.ts';
import { OneCall } from './one-call.tsx';
import { PastCalls } from './past-calls.tsx';
import { PolicyForm } from './policy-form.tsx';
import { useChecked } from './questions.ts';
import { sayingOf } from './saying.ts';
import type { Policy, PolicyChange, PolicyInput } from './types.ts';

const LIST = ['/v1/policies'];

/** One policy, or a new one: written at the left, tried at the right. */
export function PolicyPage() {
  const { policyId = 'new' } = useParams({ strict: false });
  if (policyId === 'new') return <Workbench key="new" />;
  return <Stored key={policyId} policyId={policyId} />;
}

function Stored({ policyId }: { readonly policyId: string }) {
  const shown = useGet<Policy>(`/v1/policies/${encodeURIComponent(policyId)}`);
  const { data, error } = shown;
  if (data === undefined || error) {
    return (
      <Page title="Policy">
        <Answer of={shown}>{() => null}</Answer>
      </Page>
    );
  }
  return <Workbench policy={data} />;
}

function Workbench({ policy }: { readonly policy?: Policy }) {
  const [draft, setDraft] = useState(() => toDraft(policy));
  const input = useMemo(() => toInput(draft), [draft]);
  const settled = useSettled(input);
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const checked = useChecked(settled, { enabled: may });
  const save = useSave(policy?.policy_id);
  const saved = useMemo(() => JSON.stringify(toInput(toDraft(policy))), [policy]);
  const isChanged = policy === undefined || JSON.stringify(input) !== saved;
  const change = useMemo(
    () => ({
      policy: { ...settled, name: settled.name || 'policy' },
      ...(policy === undefined ? {} : { policy_id: policy.policy_id }),
    }),
    [settled, policy],
  );
  return (
    <Page
      title={policy?.name ?? 'New policy'}
      about={policy ? <About policy={policy} /> : 'Nothing is saved until you say so.'}
      actions={policy && may ? <Delete policy={policy} /> : null}
    >
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <div className="flex flex-col gap-4">
          <Card>
            <PolicyForm
              draft={draft}
              onChange={setDraft}
              fault={checked.error ?? save.error}
              action={policy ? 'Save the policy' : 'Create the policy'}
              busy={save.isPending}
              error={save.error}
              onSubmit={() => save.mutate(input)}
              disabled={!may || !isChanged || checked.isError}
            />
          </Card>
          <Meaning input={settled} checked={checked} />
        </div>
        {may ? (
          <Trials
            change={change}
            isChanged={isChanged}
            isSound={checked.isSuccess && !checked.isPlaceholderData}
          />
        ) : (
          <Card>To change a policy, or to try one, you need the role admin.</Card>
        )}
      </div>
    </Page>
  );
}

interface TrialsProps {
  readonly change: PolicyChange;
  readonly isChanged: boolean;
  /** Whether it could be saved. */
  readonly isSound: boolean;
}

/** The policy held against what happened. */
function Trials({ change, isChanged, isSound }: TrialsProps) {
  return (
    <div className="flex flex-col gap-4">
      <Card>
        <h2 className="mb-2 text-base font-semibold">Against one call</h2>
        <OneCall change={isChanged ? change : undefined} ready={isSound || !isChanged} />
      </Card>
      <Card>
        <h2 className="mb-2 text-base font-semibold">Against past calls</h2>
        <PastCalls change={change} ready={isSound} />
      </Card>
    </div>
  );
}

function About({ policy: { policy_id } }: { readonly policy: Policy }) {
  return (
    <span className="flex flex-wrap items-center gap-x-4">
      <Id value={policy_id} />
      <TrailLink filter={{ policy_id }}>What it decided</TrailLink>
      <TrailLink filter={{ q: policy_id, event_type: 'policy.*' }}>Its changes</TrailLink>
    </span>
  );
}

interface MeaningProps {
  readonly input: PolicyInput;
  readonly checked: ReturnType<typeof useChecked>;
}

/** What it will do, in words and in Cedar. */
function Meaning({ input, checked: { data, error } }: MeaningProps) {
  const names = useNames();
  const saying = sayingOf(input, names);
  return (
    <Card>
      <h2 className="mb-2 text-base font-semibold">What it will do</h2>
      <div aria-live="polite">
        {error ? (
          <p className="text-failed">
            It cannot be saved yet: {error.message.replace('template.', '')}.
          </p>
        ) : (
          <p>
            {saying ??
              (data
                ? 'What the Cedar text says. Nothing is wrong with it.'
                : 'What the Cedar text says.')}
          </p>
        )}
      </div>
      {data && !error
        ? data.warnings.map((warning) => (
            <p key={warning} className="mt-2 rounded-md bg-refused-soft px-3 py-2 text-refused">
              {warning}
            </p>
          ))
        : null}
      {data && !error && input.template ? (
        <details className="mt-3">
          <summary className="cursor-pointer text-sm text-accent">The same in Cedar</summary>
          <Json value={data.cedar} className="mt-2" />
        </details>
      ) : null}
    </Card>
  );
}

function useSave(policyId: string | undefined) {
  const navigate = useNavigate();
  return useChange({
    mutationFn: (input: PolicyInput) =>
      policyId === undefined
        ? post<Policy>('/v1/policies', input)
        : call<Policy>('PUT', `/v1/policies/${policyId}`, { body: input }),
    changes: LIST,
    done: policyId === undefined ? 'The policy holds from now on' : 'The policy was changed',
    onSuccess: ({ policy_id }) => {
      if (policyId !== undefined) return;
      void navigate({
        to: '/policies/$policyId',
        params: { policyId: policy_id },
        search: (before) => before,
        replace: true,
      });
    },
  });
}

const Delete = ({ policy: { policy_id, name } }: { readonly policy: Policy }) => (
  <DeleteButton
    what="policy"
    remove={() => call('DELETE', `/v1/policies/${policy_id}`)}
    list="/policies"
    changes={LIST}
  >
    What “{name}” refuses is allowed from then on, unless another policy refuses it too. What it
    decided stays on the trail.
  </DeleteButton>
);
