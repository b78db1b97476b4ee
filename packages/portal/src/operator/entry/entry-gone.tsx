import type { Problem } from '../../shared/api/client.ts';
import { Json } from '../../shared/ui/json.tsx';
import { EvidenceButtons } from './entry-proof.tsx';
import { Part } from './part.tsx';

interface EntryGoneProps {
  readonly eventId: string;
  readonly problem: Problem;
}

/** What is left of an entry that was swept or erased: its header and its proof. */
export function EntryGone({ eventId, problem }: EntryGoneProps) {
  const { seq, header, proof } = problem;
  return (
    <div className="space-y-5">
      <div>
        <p className="text-base font-medium">What this entry said is gone</p>
        <p className="mt-1 text-ink-2">
          Its time to be kept ran out, or somebody asked for it to be erased. Its place in the
          ledger is left: the header below, with which every proof that was given out still holds.
        </p>
      </div>
      {typeof header === 'string' ? (
        <Part title="Header">
          <Json value={header} />
        </Part>
      ) : null}
      {proof === undefined ? null : (
        <Part title="Proof">
          <Json value={proof} />
          {typeof seq === 'number' ? <EvidenceButtons eventId={eventId} seq={seq} /> : null}
        </Part>
      )}
    </div>
  );
}
