import { plural } from '../../shared/format/number.ts';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { Section, Card } from '../../shared/ui/page.tsx';
import { Time } from '../../shared/ui/time.tsx';
import type { WitnessState } from './ledger.ts';

const STATES: Readonly<Record<WitnessState['status'], readonly [Tone, string]>> = {
  ok: ['good', 'follows'],
  behind: ['refused', 'behind'],
  missing: ['refused', 'not heard of'],
  conflict: ['failed', 'has seen another history'],
};

interface WitnessesProps {
  readonly witnesses: readonly WitnessState[];
  readonly size: number;
}

/** Other parties that sign what they see, so that no two readers can be shown two ledgers. */
export function Witnesses({ witnesses, size }: WitnessesProps) {
  return (
    <Section title="Witnesses">
      <Card>
        {witnesses.length === 0 ? (
          <>
            <p className="mb-3 text-ink-2">
              Nobody else signs the checkpoints of this ledger. A witness is a small program that
              another party runs; with one, nobody can be shown another ledger than the rest.
            </p>
            <LinkButton to="/settings" search={{ tab: 'witnesses' }}>
              Add a witness
            </LinkButton>
          </>
        ) : (
          <ul className="flex flex-col gap-3">
            {witnesses.map((witness) => (
              <Witness key={witness.vkey} witness={witness} size={size} />
            ))}
          </ul>
        )}
      </Card>
    </Section>
  );
}

function Witness({ witness, size }: { readonly witness: WitnessState; readonly size: number }) {
  const { name, status, cosigned_size: cosigned, last_seen, error } = witness;
  const [tone, word] = STATES[status];
  return (
    <li>
      <div className="flex items-center gap-2">
        <span className="min-w-0 grow truncate font-medium" title={name}>
          {name}
        </span>
        <Badge tone={tone}>{word}</Badge>
      </div>
      <p className="text-ink-2">
        {cosigned === null
          ? 'Has cosigned nothing yet.'
          : cosigned === size
            ? 'Has cosigned all entries.'
            : `Has cosigned ${plural(cosigned, 'entry', 'entries')}.`}{' '}
        {last_seen === null ? null : (
          <>
            Last answered <Time at={last_seen} />.
          </>
        )}
      </p>
      {error === null ? null : <p className="text-failed">{error}</p>}
    </li>
  );
}
