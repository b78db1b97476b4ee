import { ShieldCheck, TriangleAlert } from 'lucide-react';
import { useMemo } from 'react';

import { shortTime } from '../shared/format/time.ts';
import { Button } from '../shared/ui/button.tsx';
import { Progress } from '../shared/ui/states.tsx';
import type { Verdict } from '../shared/verify/jobs.ts';
import { isAlarm } from '../shared/verify/memory.ts';
import { useCheck, type Ledger } from '../shared/verify/use-check.ts';
import { memoryWords } from '../shared/verify/words.ts';
import type { Deed } from './api.ts';
import { toCheck, useLedger } from './deeds.ts';

/** This person's own device checks that what is shown is what was recorded. */
export function OwnCheck({ deeds }: { readonly deeds: readonly Deed[] }) {
  const ledger = useLedger();
  return ledger ? <DeviceCheck deeds={deeds} ledger={ledger} /> : null;
}

interface DeviceCheckProps {
  readonly deeds: readonly Deed[];
  readonly ledger: Ledger;
}

function DeviceCheck({ deeds, ledger }: DeviceCheckProps) {
  const check = useCheck(ledger);
  const entries = useMemo(() => deeds.map(toCheck), [deeds]);
  const { state } = check;
  const isOne = deeds.length === 1;
  return (
    <div className="mb-4 rounded-xl border border-line bg-paper p-4">
      <div className="flex flex-wrap items-center gap-3">
        <p className="min-w-0 grow basis-48 text-ink-2">
          Do not take our word for it: your own device can check{' '}
          {isOne ? 'this' : `all ${deeds.length} that are shown`}.
        </p>
        <Button
          className="min-h-11"
          busy={state.phase === 'running'}
          onClick={() => check.start({ kind: 'entries', entries })}
        >
          <ShieldCheck aria-hidden /> Check {isOne ? 'this' : 'them'} yourself
        </Button>
      </div>
      {state.phase === 'running' && !isOne ? (
        <div className="mt-3">
          <Progress
            label="Checking"
            done={state.progress?.done ?? 0}
            total={state.progress?.total ?? deeds.length}
          />
        </div>
      ) : null}
      <div aria-live="polite">
        {state.phase === 'failed' ? (
          <p className="mt-3">
            It could not be checked: {state.message} {state.advice}
          </p>
        ) : null}
        {state.phase === 'done' ? <Result verdict={state.verdict} deeds={deeds} /> : null}
      </div>
      {isOne ? null : <HowItWorks />}
    </div>
  );
}

interface ResultProps {
  readonly verdict: Verdict;
  readonly deeds: readonly Deed[];
}

function Result({ verdict, deeds }: ResultProps) {
  const { memory, broken, checked, unseen = 0 } = verdict;
  const day = memory === null || memory.state === 'first' ? '' : shortTime(memory.seen_at);
  const alarm = memory !== null && isAlarm(memory);
  if (alarm || broken.length > 0) {
    const sentenceOf = (id: string | undefined) => deeds.find(({ event_id }) => event_id === id);
    return (
      <div className="mt-3 rounded-lg border border-failed/50 bg-failed-soft p-3">
        <p className="flex items-center gap-2 font-semibold text-failed">
          <TriangleAlert aria-hidden className="size-5 shrink-0" /> Something is not right
        </p>
        {alarm ? <p className="mt-1">{memoryWords(memory, day)}</p> : null}
        <ul className="mt-1 list-disc pl-5">
          {broken.map(({ event_id, seq, message }) => (
            <li key={`${event_id ?? ''} ${seq} ${message}`} className="break-words">
              {sentenceOf(event_id)?.what ?? 'The record as a whole'}: {message}
            </li>
          ))}
        </ul>
        <p className="mt-2">Tell whoever runs the app, and keep a copy of this page.</p>
      </div>
    );
  }
  return (
    <div className="mt-3 rounded-lg border border-good/40 bg-good-soft p-3">
      <p className="flex items-center gap-2 font-semibold text-good">
        <ShieldCheck aria-hidden className="size-5 shrink-0" />
        {checked === 1 ? 'This was not changed' : `None of these ${checked} was changed`}
      </p>
      <p className="mt-1">
        {unseen < checked ? 'What you see is what was recorded when it was done. ' : null}
        {memory === null
          ? null
          : memory.state === 'first'
            ? 'Your device remembers the ledger as it is now, and notices next time if it was set back.'
            : memoryWords(memory, day)}
      </p>
      {unseen > 0 ? <p className="mt-1 text-ink-2">{unseenWords(unseen, checked)}</p> : null}
    </div>
  );
}

function unseenWords(unseen: number, checked: number): string {
  const which = checked === 1 ? 'this' : unseen === 1 ? 'one of them' : `${unseen} of them`;
  return `Of ${which}, your device could check the place in the ledger, not the words: the details of what administrators do are not shown to you, and what was erased is gone.`;
}

const HowItWorks = () => (
  <details className="mt-2">
    <summary className="flex min-h-11 cursor-pointer items-center text-accent">
      How does this work?
    </summary>
    <div className="flex flex-col gap-2 text-ink-2">
      <p>
        When something is done, it is written into a ledger and sealed with a fingerprint. Each
        fingerprint is made from the one before, and all of them together are signed. Whoever
        changes, adds or removes anything later breaks the fingerprints after it.
      </p>
      <p>
        The button makes your own device work out the fingerprints again from what this page shows,
        and compare them with what was signed. Your device also remembers what it saw, so that next
        time it notices if the ledger was set back.
      </p>
      <p>
        It does not show that what was recorded is true, or that everything was recorded. And since
        this page comes from the same place as the ledger, who wants to be surer still can have a
        bundle of evidence checked on another device, with a program from elsewhere.
      </p>
    </div>
  </details>
);
