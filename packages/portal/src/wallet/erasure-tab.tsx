import { useState } from 'react';

import { useChange, useList } from '../shared/api/queries.ts';
import { Button } from '../shared/ui/button.tsx';
import { Confirm } from '../shared/ui/confirm.tsx';
import { TextArea } from '../shared/ui/field.tsx';
import { Answer } from '../shared/ui/states.tsx';
import { Time } from '../shared/ui/time.tsx';
import { askForErasure, PATHS, type ErasureRequest, type Wallet } from './api.ts';

/** What goes and what stays, and a way to ask for it. */
export function ErasureTab({ wallet }: { readonly wallet: Wallet }) {
  const requests = useList<ErasureRequest>(PATHS.erasureRequests);
  return (
    <section aria-labelledby="erasure-title">
      <h2 id="erasure-title" className="mb-1 text-lg font-semibold">
        Have what is kept about you erased
      </h2>
      <p className="mb-4 text-ink-2">
        You can ask {wallet.app_name} to erase what this record says about you. A person there
        decides; they may have to keep some of it by law.
      </p>
      <div className="mb-5 grid gap-4 sm:grid-cols-2">
        <Side title="What goes">
          What was done with your data: which accounts, which addresses, for what reason, and what
          was sent and answered.
        </Side>
        <Side title="What stays">
          That something was recorded at that time, as a number that says nothing about you. It
          shows that nobody removed anything in secret.
        </Side>
      </div>
      <p className="mb-4 text-ink-2">
        Your connections are not ended by this. To end them, see “Access”.
      </p>
      <Ask wallet={wallet} />
      <Answer of={{ ...requests, data: requests.data ? requests.rows : undefined }}>
        {(rows) => (rows.length === 0 ? null : <Asked rows={rows} />)}
      </Answer>
    </section>
  );
}

const Side = ({ title, children }: { readonly title: string; readonly children: string }) => (
  <div className="rounded-xl border border-line bg-panel p-4">
    <h3 className="mb-1 font-semibold">{title}</h3>
    <p className="text-ink-2">{children}</p>
  </div>
);

function Ask({ wallet }: { readonly wallet: Wallet }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const asking = useChange({
    mutationFn: () => askForErasure(reason.trim()),
    changes: [PATHS.erasureRequests],
    done: `${wallet.app_name} was asked to erase your data`,
    onSuccess: () => {
      setOpen(false);
      setReason('');
    },
  });
  return (
    <div className="rounded-xl border border-line bg-panel p-4 sm:p-5">
      <TextArea
        label="Why (you need not say)"
        value={reason}
        onChange={setReason}
        rows={2}
        maxLength={500}
        spellCheck
        className="text-base"
      />
      <Button look="danger" className="mt-3 min-h-11" onClick={() => setOpen(true)}>
        Ask for erasure
      </Button>
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => asking.mutate(undefined)}
        busy={asking.isPending}
        title="Ask for your data to be erased?"
        action="Ask for erasure"
      >
        <p>
          {wallet.app_name} is told that you want this. Once it is done it cannot be undone, and
          this page will not be able to show you what was done before.
        </p>
      </Confirm>
    </div>
  );
}

function Asked({ rows }: { readonly rows: readonly ErasureRequest[] }) {
  return (
    <div className="mt-6">
      <h3 className="mb-2 font-semibold">What you asked for</h3>
      <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
        {rows.map(({ event_id, created_at, reason, erased_at }) => (
          <li key={event_id} className="px-4 py-3">
            <p>
              Asked <Time at={created_at} />
              {reason ? <span className="break-words">: “{reason}”</span> : null}
            </p>
            <p className="text-ink-2">
              {erased_at ? (
                <>
                  Erased <Time at={erased_at} />
                </>
              ) : (
                'Not decided yet, or not done yet'
              )}
            </p>
          </li>
        ))}
      </ul>
    </div>
  );
}
