import { Button } from '../../shared/ui/button.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { Empty } from '../../shared/ui/states.tsx';
import { one } from '../search.ts';
import { cleared, tokensOf } from './filters.ts';
import type { Question } from './use-question.ts';

const firstEvent = () =>
  [
    `curl '${location.origin}/v1/events'`,
    '-H "Authorization: Bearer $AFFIDAVIT_API_KEY"',
    "-H 'Content-Type: application/json'",
    `--data '{"event_type":"tool.called","reason":"My first entry"}'`,
  ].join(' \\\n  ');

interface NothingFoundProps {
  readonly question: Question;
  /** Many of what is listed: `entries`. */
  readonly what: string;
}

/** An empty list: because of its filters, or because nothing was recorded. */
export function NothingFound({ question: { search, change }, what }: NothingFoundProps) {
  const isTimed = ['range', 'from', 'to'].some((name) => one(search, name) !== undefined);
  if (tokensOf(search).length > 0 || isTimed) {
    return (
      <Empty title={`No ${what} match`}>
        <p>Take away a condition, or choose a longer time.</p>
        <Button
          onClick={() =>
            change((before) => ({
              ...cleared(before),
              range: undefined,
              from: undefined,
              to: undefined,
            }))
          }
        >
          Clear all filters
        </Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is recorded yet">
      <p>The first call of an agent shows here. To see an entry now, send one:</p>
      <pre
        tabIndex={0}
        className="max-w-full overflow-x-auto rounded-md border border-line bg-sunken p-3 text-left font-mono text-xs"
      >
        {firstEvent()}
      </pre>
      <CopyButton text={firstEvent} what="command" />
    </Empty>
  );
}
