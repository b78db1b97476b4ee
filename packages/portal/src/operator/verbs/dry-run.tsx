import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Form } from '../../shared/ui/form.tsx';
import { inWords } from '../../shared/ui/badge.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { SelectField, TextArea } from '../../shared/ui/field.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Card } from '../../shared/ui/page.tsx';
import { grantInWords, useGrants } from '../directory.ts';
import { ExecutionLink } from '../links.tsx';
import type { Verb } from './types.ts';
import { sampleArgs } from './verb-draft.ts';

/** A line for a shell: the dry run as an agent would ask for it. */
function curlOf(verb: string, body: unknown): string {
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  return [
    `curl -X POST '${location.origin}/v1/actions/${encodeURIComponent(verb)}'`,
    `-H "Authorization: Bearer $AFFIDAVIT_API_KEY"`,
    `-H 'Content-Type: application/json'`,
    `-d '${quoted}'`,
  ].join(' \\\n  ');
}

function read(text: string): { readonly args: unknown } | { readonly fault: string } {
  try {
    return { args: JSON.parse(text) };
  } catch (error) {
    return { fault: `not JSON: ${(error as Error).message}` };
  }
}

/** Says what would be sent, and touches nothing. It goes on the record, as all that is asked for. */
export function DryRun({ verb }: { readonly verb: Verb }) {
  const [text, setText] = useState(() => sampleArgs(verb));
  const [grant_id, setGrant] = useState('');
  const grants = useGrants().rows.filter(
    ({ provider, status }) => provider === verb.provider && status === 'active',
  );
  const given = read(text);
  const body = {
    args: 'args' in given ? given.args : {},
    dry_run: true,
    ...(grant_id === '' ? {} : { grant_id }),
  };
  const run = useMutation({
    mutationFn: () => post<Entry>(`/v1/actions/${encodeURIComponent(verb.verb)}`, body),
  });
  return (
    <Card>
      <h2 className="mb-2 text-base font-semibold">Try it as a dry run</h2>
      <Form
        action="Dry run"
        busy={run.isPending}
        error={run.error}
        disabled={'fault' in given}
        onSubmit={() => run.mutate()}
        beside={<CopyButton text={() => curlOf(verb.verb, body)} what="command" />}
      >
        <TextArea
          label="Arguments"
          rows={6}
          value={text}
          onChange={setText}
          error={'fault' in given ? given.fault : undefined}
          className="font-mono"
        />
        <SelectField
          label="With the grant"
          value={grant_id}
          onChange={setGrant}
          options={[
            { value: '', label: 'the one that fits' },
            ...grants.map((row) => ({ value: row.grant_id, label: grantInWords(row) })),
          ]}
          hint="From here you ask as yourself: a grant has to be open to all agents. To ask as one agent, copy the command and use its key."
        />
      </Form>
      <div aria-live="polite" className="mt-3">
        {run.data ? <Said record={run.data} /> : null}
      </div>
    </Card>
  );
}

function Said({ record }: { readonly record: Entry }) {
  const { execution_id, method, url, request_body, governance_status, outcome } = record;
  return (
    <>
      <Facts>
        <Fact name="Outcome">{outcome === undefined ? undefined : inWords(outcome)}</Fact>
        <Fact name="Would send" mono>
          {[method, url].filter(Boolean).join(' ')}
        </Fact>
        <Fact name="Governance">
          {governance_status === undefined ? undefined : inWords(governance_status)}
        </Fact>
        <Fact name="On the trail">
          <ExecutionLink id={execution_id} />
        </Fact>
      </Facts>
      {request_body === undefined ? null : <Json value={request_body} className="mt-2" />}
    </>
  );
}
