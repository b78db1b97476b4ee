import { useMutation } from '@tanstack/react-query';

import { count, plural } from '../../shared/format/number.ts';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { Failed } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useAgentNames } from '../directory.ts';
import { useParam } from '../use-param.ts';
import { ExecutionLink } from '../links.tsx';
import { preview } from './questions.ts';
import type { PolicyChange, Preview } from './types.ts';

const DAYS = ['1', '7', '30', '90'];

interface PastCallsProps {
  readonly change: PolicyChange;
  readonly ready: boolean;
}

/** What the change would have decided otherwise in the last days. Asked on purpose: it takes a while. */
export function PastCalls({ change, ready }: PastCallsProps) {
  const [days = '7', setDays] = useParam('days');
  const asked = useMutation({
    mutationFn: (about: PolicyChange) => preview(about, Number(days)),
  });
  const isOld = asked.data !== undefined && asked.variables !== change;
  return (
    <>
      <div className="flex items-end gap-2">
        <div className="grow">
          <SelectField
            label="Calls of the last"
            value={days}
            onChange={setDays}
            options={DAYS.map((value) => ({
              value,
              label: plural(Number(value), 'day'),
            }))}
          />
        </div>
        <Button busy={asked.isPending} disabled={!ready} onClick={() => asked.mutate(change)}>
          Decide again
        </Button>
      </div>
      <div aria-live="polite" className="mt-3">
        {asked.error ? <Failed error={asked.error} /> : null}
        {asked.data ? <Result preview={asked.data} isOld={isOld} /> : null}
      </div>
    </>
  );
}

const inWords = (change: string) =>
  change
    .replaceAll('ALLOW', 'allowed')
    .replaceAll('DENY', 'refused')
    .replaceAll('APPROVAL', 'waiting for a person');

function Result({ preview: found, isOld }: { readonly preview: Preview; readonly isOld: boolean }) {
  const { calls, changed, changes, complete, from, not_evaluated } = found;
  const left = Object.values(not_evaluated).reduce((sum, one) => sum + one, 0);
  return (
    <div className={isOld ? 'opacity-60' : ''}>
      {isOld ? (
        <p className="mb-1 text-xs text-ink-2">The policy was changed since this was asked.</p>
      ) : null}
      <p className="font-medium">
        {changed === 0
          ? `Nothing changes for ${plural(calls, 'call')}.`
          : `${count(changed)} of ${plural(calls, 'call')} would be decided otherwise.`}
      </p>
      <ul className="mt-1 text-ink-2">
        {Object.entries(changes).map(([change, times]) => (
          <li key={change}>
            {count(times)}: from {inWords(change)}
          </li>
        ))}
        {left > 0 ? <li title={found.note}>{count(left)} cannot be decided again</li> : null}
        {complete ? null : (
          <li>
            Looked at calls since <Time at={from} as="short" />; there was no time for earlier ones.
          </li>
        )}
      </ul>
      <Examples preview={found} />
    </div>
  );
}

function Examples({ preview: { examples } }: { readonly preview: Preview }) {
  const nameOf = useAgentNames();
  if (examples.length === 0) return null;
  return (
    <ul className="mt-2 max-h-72 divide-y divide-line overflow-y-auto rounded-md border border-line">
      {examples.map(({ execution_id, created_at, agent_id, was, would_be }) => (
        <li key={execution_id} className="flex flex-wrap gap-x-2 px-2.5 py-1.5 text-sm">
          <ExecutionLink id={execution_id}>
            {agent_id === undefined ? 'a service' : nameOf(agent_id)}
          </ExecutionLink>
          <span className="text-ink-2">{inWords(`${was} to ${would_be}`)}</span>
          {created_at ? (
            <span className="ml-auto text-ink-2">
              <Time at={created_at} as="short" />
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
