import { plain } from '@affidavit/schema/plain';
import { sentenceOf } from '@affidavit/schema/sentence';

import type { Entry } from '../../shared/api/types.ts';
import { Json } from '../../shared/ui/json.tsx';
import { exactTime, shortTime } from '../../shared/format/time.ts';
import { CopyMenu } from './copy-menu.tsx';
import { EntryJumps } from './entry-jumps.tsx';
import { ActionSection, RequestSection } from './entry-bodies.tsx';
import { DecisionSection } from './entry-decision.tsx';
import { ProofSection } from './entry-proof.tsx';
import {
  ContextSection,
  ForWhomSection,
  TraceSection,
  WhatSection,
  WhoSection,
} from './entry-sections.tsx';
import { isIntent, MoodIcon, OutcomeBadge } from './mood.tsx';
import { Part } from './part.tsx';

/** All that is known of one entry: the sentence, ways on, and every field in its group. */
export function EntryDetail({ entry }: { readonly entry: Entry }) {
  return (
    <div className="space-y-5">
      <Told entry={entry} />
      <EntryJumps entry={entry} />
      <WhoSection entry={entry} />
      <ForWhomSection entry={entry} />
      <WhatSection entry={entry} />
      <DecisionSection entry={entry} />
      <RequestSection entry={entry} />
      <ActionSection entry={entry} />
      <ContextSection entry={entry} />
      <TraceSection entry={entry} />
      <ProofSection entry={entry} />
      <Part title="Record">
        <details>
          <summary className="cursor-pointer text-ink-2 hover:text-ink">
            All fields, as the API gives them
          </summary>
          <Json value={entry} className="mt-2" />
        </details>
      </Part>
    </div>
  );
}

function Told({ entry }: { readonly entry: Entry }) {
  const { who, forWhom, what, credential, why, result, mood } = sentenceOf(entry);
  return (
    <div>
      <div className="flex gap-2.5">
        <MoodIcon mood={mood} className="mt-1" />
        <div className="min-w-0 grow">
          <p className="text-base break-words">
            <strong className="font-semibold">{who}</strong>{' '}
            {[what, forWhom, credential, why].filter(Boolean).join(' ')}
          </p>
          <p className="mt-0.5 break-words text-ink-2">
            {isIntent(entry)
              ? 'This is what was about to happen. What came of it is an entry of its own.'
              : result}
          </p>
        </div>
      </div>
      <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        <OutcomeBadge entry={entry} />
        <time
          dateTime={entry.created_at}
          title={exactTime(entry.created_at)}
          className="text-ink-2"
        >
          {shortTime(entry.created_at)}
        </time>
        <span className="text-xs text-ink-3">{exactTime(entry.created_at)}</span>
        <span className="ml-auto">
          <CopyMenu entry={entry} />
        </span>
      </div>
      {entry.occurred_at !== undefined && entry.occurred_at !== entry.created_at ? (
        <p className="mt-1 text-xs text-ink-3">
          Happened {plain(exactTime(entry.occurred_at))}, as{' '}
          {entry.source === 'reported' ? 'the client says' : 'noted'}
        </p>
      ) : null}
    </div>
  );
}
