import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button, buttonClass } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { DeleteButton } from '../delete-button.tsx';
import type { GrantRow } from '../directory.ts';
import { GrantEdit } from './grant-edit.tsx';
import type { Started } from './connecting.tsx';

const CHANGES = ['/v1/grants', '/v1/agents', '/v1/events', '/v1/principals'];

interface ActionsProps {
  readonly grant: GrantRow;
}

/** What can be done with a grant. */
export function GrantActions({ grant }: ActionsProps) {
  const isLive = grant.status !== 'revoked';
  const isOAuth = grant.kind === 'oauth';
  return (
    <>
      {isLive ? <GrantEdit grant={grant} /> : null}
      {isOAuth && isLive ? <Check grant={grant} /> : null}
      {isOAuth && isLive ? <Reconnect grant={grant} /> : null}
      {isLive ? <Revoke grant={grant} /> : null}
      <Delete grant={grant} />
    </>
  );
}

interface Checked {
  readonly introspection: 'active' | 'refreshed' | 'unsupported';
}

const SAID = {
  active: 'The OAuth server says that it is active',
  refreshed: 'Its token was not taken any more, and was renewed',
  unsupported: 'The OAuth server does not answer such questions',
} as const;

function Check({ grant: { grant_id } }: ActionsProps) {
  const check = useChange({
    mutationFn: () => post<Checked>(`/v1/grants/${grant_id}/check`),
    changes: CHANGES,
    done: ({ introspection }) => SAID[introspection],
  });
  return (
    <Button busy={check.isPending} onClick={() => check.mutate(undefined)}>
      Check now
    </Button>
  );
}

/** Its owner consents again, and the grant stays the same one. */
function Reconnect({ grant: { grant_id, principal, status } }: ActionsProps) {
  const navigate = useNavigate();
  const start = useChange({
    mutationFn: () => post<Started>('/v1/connect', { grant_id }),
    changes: [],
    onSuccess: ({ connect_id }) =>
      void navigate({ to: '.', search: (before) => ({ ...before, connect: connect_id }) }),
  });
  const { data, isPending, mutate, reset } = start;
  return (
    <>
      <Button
        look={status === 'needs_reauth' ? 'primary' : 'plain'}
        busy={isPending}
        onClick={() => mutate(undefined)}
      >
        Connect again
      </Button>
      <Dialog
        open={data !== undefined}
        onClose={reset}
        title="Connect again"
        description={`${principal.email ?? principal.id} has to open this link and consent. It works once, for ten minutes.`}
      >
        <code className="block max-h-32 overflow-y-auto rounded bg-sunken px-2 py-1.5 font-mono text-xs break-all">
          {data?.url}
        </code>
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          <CopyButton text={data?.url ?? ''} what="link" />
          {data && /^https?:/.test(data.url) ? (
            <a href={data.url} target="_blank" rel="noreferrer" className={buttonClass('primary')}>
              Open it here
            </a>
          ) : null}
        </div>
      </Dialog>
    </>
  );
}

function Revoke({ grant: { grant_id, kind } }: ActionsProps) {
  const [open, setOpen] = useState(false);
  const revoke = useChange({
    mutationFn: () => call('DELETE', `/v1/grants/${grant_id}`),
    changes: CHANGES,
    done: 'The grant was revoked',
    onSuccess: () => setOpen(false),
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Revoke
      </Button>
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => revoke.mutate(undefined)}
        title="Revoke this grant?"
        action="Revoke the grant"
        busy={revoke.isPending}
      >
        The next call with it is refused.{' '}
        {kind === 'oauth' ? 'Its tokens are revoked at the provider too. ' : ''}
        This cannot be undone; a new grant can be made.
      </Confirm>
    </>
  );
}

const Delete = ({ grant: { grant_id } }: ActionsProps) => (
  <DeleteButton
    what="grant"
    remove={() => post(`/v1/grants/${grant_id}/delete`)}
    list="/grants"
    changes={CHANGES}
  >
    It is revoked first, then all that is stored of it is deleted. What was done with it stays on
    the trail.
  </DeleteButton>
);
