import { useSearch } from '@tanstack/react-router';

import { useGet } from '../../shared/api/queries.ts';
import { Page } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { one, type Search } from '../search.ts';
import { BrowserCheck } from './browser-check.tsx';
import { CheckpointCard } from './checkpoint-card.tsx';
import { Distance } from './distance.tsx';
import { FileCheck } from './file-check.tsx';
import { ledgerOf, type LedgerState } from './ledger.ts';
import { NewestCheck } from './newest-check.tsx';
import { ServerCheck } from './server-check.tsx';
import { TakeAway } from './take-away.tsx';
import { Witnesses } from './witnesses.tsx';

const AGAIN_MS = 30_000;

/** What the ledger signs, who else has seen it, and checks that anybody can repeat. */
export function EvidencePage() {
  const ledger = useGet<LedgerState>('/v1/ledger', {}, { refetchInterval: AGAIN_MS });
  return (
    <Page
      title="Evidence"
      about="What the ledger has signed, who else has seen it, and checks that anybody can repeat."
    >
      <Answer of={ledger}>{(state) => <Evidence key={state.app_id} state={state} />}</Answer>
    </Page>
  );
}

function Evidence({ state }: { readonly state: LedgerState }) {
  const ledger = ledgerOf(state.app_id);
  const search: Search = useSearch({ strict: false });
  const linked = one(search, 'seq') ?? one(search, 'event');
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="min-w-0">
        <NewestCheck ledger={ledger} size={state.size} />
        <BrowserCheck key={linked} ledger={ledger} />
        <ServerCheck />
        <TakeAway />
        <FileCheck ledger={ledger} vkey={state.vkey} />
      </div>
      <div className="min-w-0">
        <CheckpointCard state={state} />
        <Witnesses witnesses={state.witnesses} size={state.size} />
        <Distance vkey={state.vkey} />
      </div>
    </div>
  );
}
