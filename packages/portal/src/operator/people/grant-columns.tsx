import { plain } from '@affidavit/schema/plain';

import { Badge, inWords, type Tone } from '../../shared/ui/badge.tsx';
import type { Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import type { GrantRow } from '../directory.ts';
import { GrantLink, PersonLink } from '../links.tsx';

const TONES: Readonly<Record<GrantRow['status'], Tone>> = {
  active: 'good',
  needs_reauth: 'refused',
  expired: 'refused',
  revoked: 'neutral',
};

/** A grant in a list about something else: an agent, or a person. */
export const GRANT_COLUMNS: readonly Column<GrantRow>[] = [
  {
    name: 'Provider',
    cell: ({ grant_id, provider }) => <GrantLink id={grant_id}>{plain(provider)}</GrantLink>,
  },
  {
    name: 'Of',
    cell: ({ principal }) => (
      <PersonLink id={principal.id}>{plain(principal.email ?? principal.id)}</PersonLink>
    ),
  },
  {
    name: 'State',
    cell: ({ status }) => <Badge tone={TONES[status]}>{inWords(status)}</Badge>,
  },
  { name: 'Scopes', cell: ({ scopes }) => plain(scopes.join(', ')) || 'all', minor: true },
  { name: 'Made', cell: ({ created_at }) => <Time at={created_at} />, minor: true },
];
