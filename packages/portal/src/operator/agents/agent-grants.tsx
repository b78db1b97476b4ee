import { plain } from '@affidavit/schema/plain';

import { useList } from '../../shared/api/queries.ts';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { Listed } from '../../shared/ui/table.tsx';
import type { GrantRow } from '../directory.ts';
import { GRANT_COLUMNS } from '../people/grant-columns.tsx';

/** What an agent may use: the grants that are delegated to it, or to all. */
export function AgentGrants({ agentId }: { readonly agentId: string }) {
  const list = useList<GrantRow>(`/v1/agents/${encodeURIComponent(agentId)}/grants`);
  return (
    <Listed
      label={`Grants of ${plain(agentId)}`}
      list={list}
      columns={GRANT_COLUMNS}
      rows={list.rows}
      rowKey={({ grant_id }) => grant_id}
      empty={{
        title: 'It may use no grant',
        children: <LinkButton to="/grants">To the grants</LinkButton>,
      }}
    />
  );
}
