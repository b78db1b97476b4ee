import { useParams } from '@tanstack/react-router';

import { call } from '../../shared/api/client.ts';
import { useGet, useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Card, Page, Section } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { DeleteButton } from '../delete-button.tsx';
import { EntryList } from '../entry/entry-list.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { DryRun } from './dry-run.tsx';
import type { Verb } from './types.ts';
import { VerbForm } from './verb-form.tsx';
import { RISK_TONE, RULES } from './words.ts';

/** One verb: what it sends, of which arguments, and what was done with it. */
export function VerbPage() {
  const { verb = '' } = useParams({ strict: false });
  const shown = useGet<Verb>(`/v1/verbs/${encodeURIComponent(verb)}`);
  if (shown.data === undefined || shown.error) {
    return (
      <Page title={verb}>
        <Answer of={shown}>{() => null}</Answer>
      </Page>
    );
  }
  return <Shown key={verb} verb={shown.data} />;
}

function Shown({ verb }: { readonly verb: Verb }) {
  const [editing, setEditing] = useParam('edit');
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  return (
    <Page
      title={verb.verb}
      about={verb.description}
      actions={
        may ? (
          <>
            <Button onClick={() => setEditing('1')}>Edit</Button>
            <Delete verb={verb.verb} />
          </>
        ) : null
      }
    >
      <div className="mb-8 grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
        <Card>
          <h2 className="mb-2 text-base font-semibold">What it is</h2>
          <VerbFacts verb={verb} />
          <h3 className="mt-4 mb-1 font-semibold">Arguments</h3>
          <Json value={verb.args_schema} />
        </Card>
        {may ? <DryRun verb={verb} /> : null}
      </div>
      <Recent verb={verb.verb} />
      {editing !== undefined && may ? (
        <VerbForm verb={verb} onClose={() => setEditing(undefined)} />
      ) : null}
    </Page>
  );
}

const inLines = (map: Readonly<Record<string, string>> | undefined) =>
  Object.entries(map ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');

function VerbFacts({ verb }: { readonly verb: Verb }) {
  const { method, provider, url, risk_level, governance, idempotent, scopes, body } = verb;
  return (
    <>
      <Facts>
        <Fact name="Sends" mono>
          {method} {url}
        </Fact>
        <Fact name="To">{provider}</Fact>
        <Fact name="Query" mono>
          {inLines(verb.query)}
        </Fact>
        <Fact name="Headers" mono>
          {inLines(verb.headers)}
        </Fact>
        <Fact name="Risk">
          <Badge tone={RISK_TONE[risk_level]}>{risk_level.toLowerCase()}</Badge>
        </Fact>
        <Fact name="An action is">{RULES[governance]}</Fact>
        <Fact name="Repeats">
          {idempotent ? 'are harmless at the service' : 'are held back by the key of the action'}
        </Fact>
        <Fact name="Scopes">{scopes?.join(', ')}</Fact>
        <Fact name="Changed">
          <Time at={verb.updated_at} as="short" />
        </Fact>
      </Facts>
      {body === undefined ? null : (
        <>
          <h3 className="mt-4 mb-1 font-semibold">
            Body{verb.body_format === 'form' ? ', as a form' : ''}
          </h3>
          <Json value={body} />
        </>
      )}
    </>
  );
}

function Recent({ verb }: { readonly verb: string }) {
  const list = useList<Entry>('/v1/executions', { verb, limit: 15 });
  if (list.rows.length === 0) return null;
  return (
    <Section
      title="What was done with it"
      actions={
        <LinkButton to="/executions" search={{ verb }}>
          All of them
        </LinkButton>
      }
    >
      <EntryList label="Executions of the verb" entries={list.rows} />
    </Section>
  );
}

const Delete = ({ verb }: { readonly verb: string }) => (
  <DeleteButton
    what="verb"
    remove={() => call('DELETE', `/v1/verbs/${encodeURIComponent(verb)}`)}
    list="/verbs"
    changes={['/v1/verbs']}
  >
    Agents that ask for {verb} are refused from then on. What was done with it stays on the trail.
  </DeleteButton>
);
