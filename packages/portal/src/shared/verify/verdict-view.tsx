import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useRef, type ComponentType, type ReactNode } from 'react';

import { count, plural } from '../format/number.ts';
import { duration, shortTime } from '../format/time.ts';
import { Button } from '../ui/button.tsx';
import { Progress } from '../ui/states.tsx';
import type { Damage, Verdict } from './jobs.ts';
import { isAlarm } from './memory.ts';
import type { Check } from './use-check.ts';
import { verdictWords } from './verdict-words.ts';
import { memoryWords } from './words.ts';

const ENOUGH_MS = 300;

interface CheckViewProps {
  readonly check: Check;
  /** What is counted while it runs. */
  readonly unit?: string;
  /** A way to what stands at a damaged position. */
  readonly Place?: ComponentType<{ readonly damage: Damage }> | undefined;
  readonly children?: (verdict: Verdict) => ReactNode;
}

/** A check on its way, and what came of it. */
export function CheckView({ check, unit = 'entries', Place, children }: CheckViewProps) {
  const { state, cancel } = check;
  const place = useRef<HTMLDivElement>(null);
  const stop = () => {
    cancel();
    // The button goes; who pressed it stays here.
    place.current?.focus();
  };
  return (
    <div ref={place} tabIndex={-1} className="outline-none">
      {state.phase === 'running' ? (
        <div className="flex items-end gap-3">
          <div className="grow">
            <Progress
              label={`Checking ${unit}${speed(state.progress?.done, state.since, unit)}`}
              done={state.progress?.done ?? 0}
              total={state.progress?.total ?? 0}
            />
          </div>
          <Button onClick={stop}>Stop</Button>
        </div>
      ) : null}
      <div aria-live="polite">
        {state.phase === 'failed' ? (
          <Box tone="open" title={state.message}>
            <p className="text-ink-2">
              {state.advice} Nothing is known about the ledger from this.
            </p>
          </Box>
        ) : null}
        {state.phase === 'done' ? (
          <VerdictView verdict={state.verdict} Place={Place}>
            {children?.(state.verdict)}
          </VerdictView>
        ) : null}
      </div>
    </div>
  );
}

function speed(done: number | undefined, since: number, unit: string): string {
  const took = performance.now() - since;
  if (done === undefined || unit !== 'entries' || took < ENOUGH_MS) return '';
  return `, ${count(Math.round((done / took) * 1000))} a second`;
}

const TONES = {
  good: 'border-good/40 bg-good-soft',
  failed: 'border-failed/50 bg-failed-soft',
  open: 'border-open/40 bg-open-soft',
} as const;

interface BoxProps {
  readonly tone: keyof typeof TONES;
  readonly title: string;
  readonly children?: ReactNode;
}

function Box({ tone, title, children }: BoxProps) {
  const Icon = tone === 'good' ? CircleCheck : TriangleAlert;
  const ink = { good: 'text-good', failed: 'text-failed', open: 'text-open' }[tone];
  return (
    <div className={`rounded-lg border p-4 ${TONES[tone]}`}>
      <p className={`flex items-center gap-2 text-base font-semibold ${ink}`}>
        <Icon className="size-5 shrink-0" aria-hidden /> {title}
      </p>
      {children}
    </div>
  );
}

interface VerdictViewProps {
  readonly verdict: Verdict;
  readonly Place?: CheckViewProps['Place'];
  readonly children?: ReactNode;
}

function VerdictView({ verdict, Place, children }: VerdictViewProps) {
  const alarm = verdict.memory !== null && isAlarm(verdict.memory);
  if (verdict.broken.length > 0 || alarm) return <Broken verdict={verdict} Place={Place} />;
  if (verdict.kind === 'head') return <Newest verdict={verdict} />;
  const words = verdictWords(verdict);
  return (
    <Box tone="good" title="Sound">
      <p className="mt-1">
        {words.summary}. <span className="text-ink-2">{pace(verdict)}</span>
      </p>
      <div className="mt-3 grid gap-x-8 gap-y-3 md:grid-cols-2">
        <Points title="What this shows" points={words.shows} />
        <Points title="What it does not show" points={words.not} />
      </div>
      {verdict.memory ? <p className="mt-3">{remembered(verdict)}</p> : null}
      {children}
    </Box>
  );
}

/** The checkpoint alone: what matters is what was there before. */
function Newest({ verdict }: { readonly verdict: Verdict }) {
  const cosigned = verdict.head?.cosigned ?? [];
  return (
    <Box tone="good" title="The newest checkpoint is signed by the key of this ledger">
      <p className="mt-1">{remembered(verdict)}</p>
      {cosigned.length === 0 ? null : (
        <p className="mt-1">
          {cosigned.map(({ name, at }) => `${name} (${shortTime(at)})`).join(', ')} cosigned its
          first {plural(cosigned[0]?.size ?? 0, 'entry', 'entries')}. These signatures were checked
          here too.
        </p>
      )}
    </Box>
  );
}

const remembered = ({ memory }: Verdict): string =>
  memory === null
    ? ''
    : memoryWords(memory, memory.state === 'first' ? '' : shortTime(memory.seen_at));

function pace({ checked, took_ms }: Verdict): string {
  const rate = checked > 1000 ? `, ${count(Math.round((checked / took_ms) * 1000))} a second` : '';
  return `Checked in ${duration(took_ms)}${rate}.`;
}

function Points({ title, points }: { readonly title: string; readonly points: readonly string[] }) {
  return (
    <div>
      <p className="font-medium">{title}</p>
      <ul className="mt-1 list-disc pl-5 text-ink-2">
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </div>
  );
}

function Broken({ verdict, Place }: VerdictViewProps) {
  const { broken, checked, memory } = verdict;
  return (
    <Box
      tone="failed"
      title={broken.length > 0 ? 'Damage was found' : 'This is not the ledger that you saw before'}
    >
      {memory !== null && isAlarm(memory) ? <p className="mt-2">{remembered(verdict)}</p> : null}
      <ul className="mt-2 flex flex-col gap-2">
        {broken.map((damage) => (
          <li key={`${damage.seq} ${damage.event_id ?? ''} ${damage.message}`}>
            {damage.seq === null ? '' : `At entry ${count(damage.seq)}: `}
            {damage.message}
            {/[.!?]$/.test(damage.message) ? ' ' : '. '}
            {Place ? <Place damage={damage} /> : null}
          </li>
        ))}
      </ul>
      {checked > 0 ? (
        <p className="mt-2 text-ink-2">
          The check went over {plural(checked, 'entry', 'entries')}; what comes after the first
          damage was not looked at.
        </p>
      ) : null}
    </Box>
  );
}
