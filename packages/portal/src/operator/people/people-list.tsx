import { plain } from '@affidavit/schema/plain';

import { useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AgentLink, PersonLink } from '../links.tsx';

/** A row of `GET /v1/principals`. */
export interface PersonRow {
  readonly principal_id: string;
  readonly principal_type?: string;
  readonly principal_email?: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly entries: number;
  readonly more_entries: boolean;
  readonly agents: readonly { readonly agent_id?: string; readonly agent_name?: string }[];
  readonly providers: readonly string[];
}

interface PeopleListProps {
  readonly filter: Readonly<Record<string, string>>;
  /** Where all is of one agent, its name says nothing. */
  readonly ofAgent?: boolean;
}

/** On whose behalf agents acted, the newest first. */
export function PeopleList({ filter, ofAgent = false }: PeopleListProps) {
  const list = useList<PersonRow>('/v1/principals', filter);
  const columns = COLUMNS.filter(({ name }) => !ofAgent || name !== 'Agents');
  return (
    <>
      <Listed
        label="People"
        list={list}
        columns={columns}
        rows={list.rows}
        rowKey={({ principal_id }) => principal_id}
        empty={{
          title: 'Nobody in this time',
          children: 'A person appears here once something was done on their behalf.',
        }}
      />
      {list.rows.length > 0 ? (
        <div className="mt-2 flex justify-end">
          <CsvButton name="people" rows={list.rows} columns={CSV} />
        </div>
      ) : null}
    </>
  );
}

const nameOf = ({ agent_id, agent_name }: PersonRow['agents'][number]) =>
  plain(agent_name ?? agent_id);

const CSV = {
  principal_id: (row: PersonRow) => row.principal_id,
  principal_type: (row: PersonRow) => row.principal_type,
  principal_email: (row: PersonRow) => row.principal_email,
  first_at: (row: PersonRow) => row.first_at,
  last_at: (row: PersonRow) => row.last_at,
  entries: (row: PersonRow) => row.entries,
  more_entries: (row: PersonRow) => row.more_entries,
  agents: (row: PersonRow) => row.agents.map(nameOf).join(', '),
  providers: (row: PersonRow) => row.providers.join(', '),
};

const COLUMNS: readonly Column<PersonRow>[] = [
  {
    name: 'Person',
    cell: ({ principal_id, principal_email, principal_type }) => (
      <span className="block min-w-32 break-words">
        <PersonLink id={principal_id}>{plain(principal_email ?? principal_id)}</PersonLink>
        {principal_email === undefined || principal_email === principal_id ? null : (
          <span className="block text-xs text-ink-3">{plain(principal_id)}</span>
        )}
        {principal_type === undefined || principal_type === 'user' ? null : (
          <span className="block text-xs text-ink-3">a {plain(principal_type)}</span>
        )}
      </span>
    ),
  },
  {
    name: 'Agents',
    cell: ({ agents }) => (
      <ul className="flex flex-wrap gap-x-2 [&_a]:inline-block [&_a]:py-0.5">
        {agents.map((agent) => (
          <li key={agent.agent_id ?? agent.agent_name}>
            {agent.agent_id ? (
              <AgentLink id={agent.agent_id}>{nameOf(agent)}</AgentLink>
            ) : (
              nameOf(agent)
            )}
          </li>
        ))}
      </ul>
    ),
  },
  { name: 'Providers', cell: ({ providers }) => plain(providers.join(', ')), minor: true },
  {
    name: 'Entries',
    cell: ({ entries, more_entries }) => `${count(entries)}${more_entries ? '+' : ''}`,
    minor: true,
  },
  { name: 'Last', cell: ({ last_at }) => <Time at={last_at} /> },
];
