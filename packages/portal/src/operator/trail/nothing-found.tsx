import { plain } from '@affidavit/schema/plain';

import { ApiError } from '../../shared/api/client.ts';
import { Button } from '../../shared/ui/button.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { Empty, Failed } from '../../shared/ui/states.tsx';
import { explain } from '../../shared/ui/toast.tsx';
import { one } from '../search.ts';
import { cleared, tokensOf, withoutToken } from './filters.ts';
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
  return <NothingYet />;
}

/** What to do where no agent has done anything. */
export function NothingYet() {
  return (
    <Empty title="No agent has done anything yet">
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

interface QuestionFailedProps {
  readonly question: Question;
  readonly error: unknown;
  readonly retry: () => void;
}

/** A question that the API did not take: what is wrong with which condition, and a way out. */
export function QuestionFailed({
  question: { search, change },
  error,
  retry,
}: QuestionFailedProps) {
  const field = error instanceof ApiError ? error.problem.field : undefined;
  const wrong = tokensOf(search).filter(({ name }) => name === field);
  if (wrong.length === 0) return <Failed error={error} retry={retry} />;
  const isUnknown = error instanceof ApiError && error.code === 'unknown_filter';
  const { title, description } = explain(error);
  return (
    <Empty title={plain(title)}>
      <p>
        {isUnknown
          ? 'The filter bar offers the names that there are as you type. Words without a name search the text.'
          : plain(description)}
      </p>
      <Button onClick={() => change((before) => wrong.reduce(withoutToken, before))}>
        Remove this condition
      </Button>
    </Empty>
  );
}
