import { plain } from '@affidavit/schema/plain';
import { Wallet } from 'lucide-react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { ShownOnce } from '../../shared/ui/copy.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useMayChange } from '../session.ts';

interface WalletLinkProps {
  readonly principalId: string;
  readonly principalType: string | undefined;
}

interface Made {
  readonly url: string;
  readonly expires_at: string;
}

/** Makes the one-time link with which a person opens their wallet. */
export function WalletLink({ principalId, principalType = 'user' }: WalletLinkProps) {
  const mayChange = useMayChange();
  const making = useChange<void, Made>({
    mutationFn: () =>
      post('/v1/wallet/sessions', { principal_id: principalId, principal_type: principalType }),
    changes: [],
  });
  if (!mayChange) return null;
  const made = making.data;
  return (
    <>
      <Button busy={making.isPending} onClick={() => making.mutate()}>
        <Wallet /> Wallet link
      </Button>
      {made ? (
        <Dialog
          open
          onClose={() => making.reset()}
          title={`Wallet of ${plain(principalId)}`}
          description="Give it to this person and nobody else: whoever opens it sees what was done with their data. It is on the record that you made it."
        >
          <ShownOnce value={made.url} what="link" />
          <p className="mt-3 text-ink-2">
            It works once, and ends <Time at={made.expires_at} />.
          </p>
        </Dialog>
      ) : null}
    </>
  );
}
