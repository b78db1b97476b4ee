import { plain } from '@affidavit/schema/plain';

import { LinkButton } from '../../shared/ui/link-button.tsx';
import { Listed } from '../../shared/ui/table.tsx';
import { useGrants } from '../directory.ts';
import { GRANT_COLUMNS } from './grant-columns.tsx';

/** The accounts that a person has lent to agents, by the id or the address. */
export function PersonGrants({ principalId }: { readonly principalId: string }) {
  const list = useGrants();
  const rows = list.rows.filter(
    ({ principal }) => principal.id === principalId || principal.email === principalId,
  );
  return (
    <Listed
      label={`Grants of ${plain(principalId)}`}
      list={list}
      columns={GRANT_COLUMNS}
      rows={rows}
      rowKey={({ grant_id }) => grant_id}
      empty={{
        title: 'No grants of this person',
        children: <LinkButton to="/grants">To the grants</LinkButton>,
      }}
    />
  );
}
