import { count } from '../../shared/format/number.ts';
import { CopyButton, CopyIconButton } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Section, Card } from '../../shared/ui/page.tsx';
import { Time } from '../../shared/ui/time.tsx';
import type { LedgerState } from './ledger.ts';

/** The signed head of the log, as everybody gets it. */
export function CheckpointCard({ state }: { readonly state: LedgerState }) {
  const { origin, size, last_created_at, vkey, checkpoint, keys } = state;
  const root = checkpoint.split('\n')[2];
  return (
    <Section title="Checkpoint" actions={<CopyButton text={checkpoint} what="checkpoint" />}>
      <Card>
        <Facts>
          <Fact name="Ledger" mono>
            {origin}
          </Fact>
          <Fact name="Entries">{count(size)}</Fact>
          <Fact name="Root" mono>
            <span className="break-all">{root}</span>
          </Fact>
          <Fact name="Last entry">
            <Time at={last_created_at} />
          </Fact>
          <Fact name="Verifier key" mono>
            <span className="break-all">{vkey}</span>{' '}
            <CopyIconButton text={vkey} what="verifier key" />
          </Fact>
          {keys.length > 1 ? (
            <Fact name="Keys before">
              {keys.length - 1}; each handed the ledger on to the next, in an entry that both signed
            </Fact>
          ) : null}
        </Facts>
        <details className="mt-3">
          <summary className="cursor-pointer text-ink-2">Signed note</summary>
          <pre
            tabIndex={0}
            aria-label="Signed note"
            className="mt-2 overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs"
          >
            {checkpoint}
          </pre>
        </details>
      </Card>
    </Section>
  );
}
