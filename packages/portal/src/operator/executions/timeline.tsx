import { clockTime, duration, exactTime } from '../../shared/format/time.ts';
import { MoodIcon } from '../entry/mood.tsx';
import { useOpenEntry } from '../entry/use-open-entry.ts';
import type { Step, StepKind } from './steps.ts';

const KINDS: Readonly<Record<StepKind, string>> = {
  intent: 'Intent',
  decision: 'Decision',
  person: 'Approval',
  effect: 'Effect',
  outcome: 'Outcome',
};

/** Steps from the top down, each with when it was recorded and the way to its entry. */
export function Timeline({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol className="relative ml-2 border-l border-line">
      {steps.map((step) => (
        <TimelineStep key={`${step.entry.event_id} ${step.kind}`} step={step} />
      ))}
    </ol>
  );
}

function TimelineStep({ step }: { readonly step: Step }) {
  const { kind, title, text, mood, entry, after_ms } = step;
  const { show } = useOpenEntry();
  return (
    <li className="relative pb-5 pl-6 last:pb-1">
      <span className="absolute top-0.5 -left-2 bg-paper">
        <MoodIcon mood={mood} muted={kind === 'intent'} />
      </span>
      <div className="flex flex-wrap items-baseline gap-x-3">
        <span className="text-xs text-ink-3">{KINDS[kind]}</span>
        <time
          dateTime={entry.created_at}
          title={exactTime(entry.created_at)}
          className="text-xs text-ink-3 tabular-nums"
        >
          {clockTime(entry.created_at)}
          {after_ms > 0 ? ` · ${duration(after_ms)} later` : ''}
        </time>
        <button
          type="button"
          onClick={() => show(entry.event_id)}
          className="text-xs text-accent hover:underline"
        >
          entry {entry.seq.toLocaleString('en')}
        </button>
      </div>
      <p className="mt-0.5 font-medium break-words">{title}</p>
      {text ? <p className="break-words text-ink-2">{text}</p> : null}
    </li>
  );
}
