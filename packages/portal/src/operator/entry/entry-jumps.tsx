import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Entry } from '../../shared/api/types.ts';
import type { Search } from '../search.ts';

/** From an entry to everything around it. */

const CHIP =
  'inline-flex items-center rounded-md border border-line px-2 py-1 text-xs font-medium text-ink-2 hover:bg-sunken hover:text-ink';

/** What makes another entry one of the same kind. */
export function alike({ event_type, provider, verb, agent_id, outcome }: Entry): Search {
  return { event_type, provider, verb, agent_id, outcome };
}

export function EntryJumps({ entry }: { readonly entry: Entry }) {
  const { run_id, agent_id, principal_id, grant_id, execution_id, trace_id } = entry;
  return (
    <nav aria-label="From this entry to" className="flex flex-wrap gap-1.5">
      {run_id === undefined ? null : (
        <Link className={CHIP} to="/runs/$runId" params={{ runId: run_id }}>
          Run
        </Link>
      )}
      {agent_id === undefined ? null : (
        <Link className={CHIP} to="/agents/$agentId" params={{ agentId: agent_id }}>
          Agent
        </Link>
      )}
      {principal_id === undefined ? null : (
        <Link className={CHIP} to="/people/$principalId" params={{ principalId: principal_id }}>
          Person
        </Link>
      )}
      {grant_id === undefined ? null : (
        <Link className={CHIP} to="/grants/$grantId" params={{ grantId: grant_id }}>
          Grant
        </Link>
      )}
      {execution_id === undefined ? null : (
        <Link className={CHIP} to="/executions/$executionId" params={{ executionId: execution_id }}>
          Execution
        </Link>
      )}
      {trace_id === undefined ? null : <TrailChip filter={{ trace_id }}>Trace</TrailChip>}
      <TrailChip filter={alike(entry)}>Entries like this</TrailChip>
    </nav>
  );
}

interface TrailChipProps {
  readonly filter: Search;
  readonly children: ReactNode;
}

function TrailChip({ filter, children }: TrailChipProps) {
  return (
    <Link className={CHIP} to="/trail" search={filter}>
      {children}
    </Link>
  );
}
