import { plain } from '@affidavit/schema/plain';
import type { Mood } from '@affidavit/schema/sentence';
import { Ban, Check, CircleAlert, Clock } from 'lucide-react';
import { useState } from 'react';

import { exactTime } from '../shared/format/time.ts';
import { Fact, Facts } from '../shared/ui/facts.tsx';
import type { Deed } from './api.ts';
import { clockOf } from './days.ts';
import { OwnCheck } from './own-check.tsx';
import { titleOf } from './scope-words.ts';

const MOODS = {
  good: { Icon: Check, ink: 'text-good', word: 'Done' },
  refused: { Icon: Ban, ink: 'text-refused', word: 'Refused' },
  failed: { Icon: CircleAlert, ink: 'text-failed', word: 'Failed' },
  open: { Icon: Clock, ink: 'text-open', word: 'Open' },
} as const satisfies Record<Mood, object>;

/** One thing that was done, as a sentence; what it was told from is behind it. */
export function DeedItem({ deed }: { readonly deed: Deed }) {
  const [isOpen, setOpen] = useState(false);
  const { who, what, why, result, mood, created_at } = deed;
  const { Icon, ink, word } = MOODS[mood];
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex min-h-11 cursor-pointer items-start gap-3 px-4 py-3 hover:bg-sunken">
          <Icon role="img" aria-label={word} className={`mt-1 size-4 shrink-0 ${ink}`} />
          <span className="min-w-0 grow break-words">
            <strong className="font-semibold">{who}</strong> {what}
            {why === '' ? null : <span className="text-ink-2"> for ‘{why}’</span>}
            {result === '' ? null : <span className={ink}>: {result}</span>}
          </span>
          <time
            dateTime={created_at}
            title={exactTime(created_at)}
            className="shrink-0 text-sm text-ink-2 tabular-nums"
          >
            {clockOf(created_at)}
          </time>
        </summary>
        {isOpen ? <Details deed={deed} /> : null}
      </details>
    </li>
  );
}

function Details({ deed }: { readonly deed: Deed }) {
  const { created_at, agent_name, caller, provider, method, url, reason } = deed;
  return (
    <div className="px-4 pt-1 pb-4">
      <Facts>
        <Fact name="When">{exactTime(created_at)}</Fact>
        <Fact name="Agent">{plain(agent_name)}</Fact>
        <Fact name="App">{plain(caller)}</Fact>
        <Fact name="Account">{provider === undefined ? undefined : titleOf(provider)}</Fact>
        <Fact name="Why">{plain(reason)}</Fact>
        <Fact name="Asked for" mono>
          {plain([method, url].filter(Boolean).join(' '))}
        </Fact>
        <Fact name="Answer">{deed.response_status}</Fact>
        <Fact name="Number">{deed.seq}</Fact>
      </Facts>
      <div className="mt-3">
        <OwnCheck deeds={[deed]} />
      </div>
    </div>
  );
}
