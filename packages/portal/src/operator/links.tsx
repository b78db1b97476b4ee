import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Search } from './search.ts';

/** Ways from what is named on a page to where more of it is. Nothing where there is no id. */

export const LINK = 'text-accent underline-offset-2 hover:underline';
/** Amid other words, where colour alone would not tell. */
export const IN_TEXT = 'text-accent underline underline-offset-2';

interface LinkProps {
  readonly id: string | undefined | null;
  readonly children?: ReactNode;
}

export const AgentLink = ({ id, children }: LinkProps) =>
  id ? (
    <Link to="/agents/$agentId" params={{ agentId: id }} className={LINK}>
      {children ?? id}
    </Link>
  ) : null;

export const PersonLink = ({ id, children }: LinkProps) =>
  id ? (
    <Link to="/people/$principalId" params={{ principalId: id }} className={LINK}>
      {children ?? id}
    </Link>
  ) : null;

export const RunLink = ({ id, children }: LinkProps) =>
  id ? (
    <Link to="/runs/$runId" params={{ runId: id }} className={LINK}>
      {children ?? id}
    </Link>
  ) : null;

export const ExecutionLink = ({ id, children }: LinkProps) =>
  id ? (
    <Link to="/executions/$executionId" params={{ executionId: id }} className={LINK}>
      {children ?? id}
    </Link>
  ) : null;

export const GrantLink = ({ id, children }: LinkProps) =>
  id ? (
    <Link to="/grants/$grantId" params={{ grantId: id }} className={LINK}>
      {children ?? id}
    </Link>
  ) : null;

interface TrailLinkProps {
  /** Filters of the trail, by the names of the record's fields, and `from`, `to`, `q`. */
  readonly filter: Search;
  readonly children: ReactNode;
  readonly className?: string;
}

/** To the entries behind a figure, a name or a bar. */
export const TrailLink = ({ filter, children, className = LINK }: TrailLinkProps) => (
  <Link to="/trail" search={filter} className={className}>
    {children}
  </Link>
);
