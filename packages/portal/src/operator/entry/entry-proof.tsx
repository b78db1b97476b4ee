import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';

import { addressOf, withApp } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import { buttonClass } from '../../shared/ui/button.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { LINK } from '../links.tsx';
import { Part } from './part.tsx';

const evidenceOf = (eventId: string) =>
  addressOf(`/v1/events/${encodeURIComponent(eventId)}/evidence`, withApp({}));

/** Where it stands in the ledger, and how to check that it was not changed. */
export function ProofSection({ entry }: { readonly entry: Entry }) {
  const { event_id, seq, leaf_hash, prev_hash } = entry;
  return (
    <Part title="Proof">
      <Facts>
        <Fact name="Position">
          <Link to="/evidence" search={{ seq: String(seq) }} className={LINK}>
            {seq.toLocaleString('en')}
          </Link>
        </Fact>
        <Fact name="Entry">
          <Id value={event_id} />
        </Fact>
        <Fact name="Leaf hash">
          {leaf_hash === undefined ? undefined : <Id value={leaf_hash} />}
        </Fact>
        <Fact name="Leaf before">
          {prev_hash === undefined ? undefined : <Id value={prev_hash} />}
        </Fact>
      </Facts>
      <EvidenceButtons eventId={event_id} seq={seq} />
    </Part>
  );
}

interface EvidenceButtonsProps {
  readonly eventId: string;
  readonly seq: number;
}

export function EvidenceButtons({ eventId, seq }: EvidenceButtonsProps) {
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      <LinkButton to="/evidence" search={{ seq: String(seq) }}>
        Check it in this browser
      </LinkButton>
      <a className={buttonClass()} href={evidenceOf(eventId)} download={`${eventId}.evidence.json`}>
        <Download aria-hidden />
        Download evidence
      </a>
    </div>
  );
}
