import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';

import { useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { TrailLink } from '../links.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import type { Verb } from './types.ts';
import { VerbForm } from './verb-form.tsx';
import { RISK_TONE, RULES } from './words.ts';

const COLUMNS: readonly Column<Verb>[] = [
  {
    name: 'Verb',
    className: 'break-words',
    cell: ({ verb, description }) => (
      <>
        <Link to="/verbs/$verb" params={{ verb }} className="font-medium hover:underline">
          {verb}
        </Link>
        {description ? <p className="text-ink-2">{description}</p> : null}
      </>
    ),
  },
  {
    name: 'Sends',
    minor: true,
    className: 'font-mono text-[0.8125rem] break-all',
    cell: ({ method, provider, url }) => `${method} ${provider} ${url}`,
  },
  {
    name: 'Risk',
    cell: ({ risk_level }) => (
      <Badge tone={RISK_TONE[risk_level]}>{risk_level.toLowerCase()}</Badge>
    ),
  },
  { name: 'Is', cell: ({ governance }) => RULES[governance] },
  { name: 'Changed', minor: true, cell: ({ updated_at }) => <Time at={updated_at} /> },
  {
    name: 'Done',
    minor: true,
    cell: ({ verb }) => <TrailLink filter={{ verb }}>On the trail</TrailLink>,
  },
];

/** What agents can do by name, with arguments that are checked. */
export function VerbsPage() {
  const list = useList<Verb>('/v1/verbs', { limit: 200 });
  const [making, setMaking] = useParam('new');
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const create = may ? (
    <Button look="primary" onClick={() => setMaking('1')}>
      <Plus /> New verb
    </Button>
  ) : null;
  return (
    <Page
      title="Verbs"
      about="What agents can do by name, with arguments that are checked, instead of calls that they write themselves."
      actions={
        <>
          <CsvButton
            name="verbs"
            rows={list.rows}
            columns={{
              verb: (row) => row.verb,
              provider: (row) => row.provider,
              method: (row) => row.method,
              url: (row) => row.url,
              risk_level: (row) => row.risk_level,
              governance: (row) => row.governance,
              idempotent: (row) => row.idempotent,
              updated_at: (row) => row.updated_at,
            }}
          />
          {create}
        </>
      }
    >
      <Listed
        label="Verbs"
        list={list}
        columns={COLUMNS}
        rows={list.rows}
        rowKey={(row) => row.verb}
        empty={{
          title: 'No verbs yet',
          children: (
            <>
              A verb such as mail:send says which request is made of which arguments, how risky that
              is, and whether a person must approve it. Each is carried out once per key.
              {create}
            </>
          ),
        }}
      />
      {making !== undefined && may ? <VerbForm onClose={() => setMaking(undefined)} /> : null}
    </Page>
  );
}
