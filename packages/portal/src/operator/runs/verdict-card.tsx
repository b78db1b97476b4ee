import { plain } from '@affidavit/schema/plain';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleHelp, TriangleAlert, type LucideIcon } from 'lucide-react';

import { plural } from '../../shared/format/number.ts';
import { cx } from '../../shared/ui/cx.ts';
import { Card } from '../../shared/ui/page.tsx';
import { IN_TEXT, RunLink } from '../links.tsx';
import type { Search } from '../search.ts';
import type { Baseline, Finding } from './run.ts';
import { findingInWords, verdictOf, type VerdictWords } from './verdict-words.ts';

const LOOKS: Readonly<Record<VerdictWords['tone'], readonly [LucideIcon, string]>> = {
  good: [CircleCheck, 'text-good'],
  refused: [TriangleAlert, 'text-refused'],
  neutral: [CircleHelp, 'text-ink-3'],
};
const SHOWN_MAX = 12;
const ENTRIES_MAX = 5;

/** How a run compares with earlier ones of its agent, and the entries that show it. */
export function VerdictCard({ baseline }: { readonly baseline: Baseline }) {
  const { title, about, tone } = verdictOf(baseline);
  const [Icon, colour] = LOOKS[tone];
  const { findings, run_ids } = baseline;
  return (
    <Card>
      <h2 className="flex items-center gap-2 text-base font-semibold">
        <Icon aria-hidden className={cx('size-5', colour)} />
        {title}
      </h2>
      <p className="mt-1 text-ink-2">{about}</p>
      {findings.length > 0 ? (
        <ul className="mt-3 flex list-disc flex-col gap-1.5 pl-5">
          {findings.slice(0, SHOWN_MAX).map((finding) => (
            <FoundItem
              key={`${finding.dimension ?? finding.measure} ${finding.value}`}
              finding={finding}
              baseline={baseline}
            />
          ))}
          {findings.length > SHOWN_MAX ? (
            <li className="text-ink-3">and {plural(findings.length - SHOWN_MAX, 'more thing')}</li>
          ) : null}
        </ul>
      ) : null}
      {run_ids.length > 0 ? <Compared ids={run_ids} /> : null}
    </Card>
  );
}

interface FoundItemProps {
  readonly finding: Finding;
  readonly baseline: Baseline;
}

function FoundItem({ finding, baseline }: FoundItemProps) {
  const { event_ids = [] } = finding;
  return (
    <li className="break-words">
      {findingInWords(finding, baseline)}{' '}
      {event_ids.slice(0, ENTRIES_MAX).map((event_id, index) => (
        <Link
          key={event_id}
          to="."
          search={(before: Search) => ({ ...before, event: event_id })}
          resetScroll={false}
          preload={false}
          className={cx(IN_TEXT, 'mr-1 inline-block min-w-6 py-0.5 text-center')}
        >
          {index === 0 ? 'see entry 1' : index + 1}
        </Link>
      ))}
    </li>
  );
}

function Compared({ ids }: { readonly ids: readonly string[] }) {
  return (
    <details className="mt-3 text-xs">
      <summary className="cursor-pointer text-ink-3 hover:text-ink">
        Compared with {plural(ids.length, 'run')}
      </summary>
      <ul className="mt-1 flex flex-wrap gap-x-3 [&_a]:inline-block [&_a]:py-1">
        {ids.map((id) => (
          <li key={id} className="max-w-full truncate font-mono">
            <RunLink id={id}>{plain(id)}</RunLink>
          </li>
        ))}
      </ul>
    </details>
  );
}
