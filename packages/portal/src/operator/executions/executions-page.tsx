import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { Entry } from '../../shared/api/types.ts';
import { Page } from '../../shared/ui/page.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useIsNarrow } from '../../shared/ui/use-media.ts';
import { one, type Search } from '../search.ts';
import { orderOf } from '../trail/filters.ts';
import { ListFrame } from '../trail/list-frame.tsx';
import { NothingFound, QuestionFailed } from '../trail/nothing-found.tsx';
import { OrderButton } from '../trail/order-button.tsx';
import type { PagedRows } from '../trail/paged-rows.ts';
import { NARROW_ROW_PX, ROW_PX, RowHeader, TrailRow } from '../trail/row.tsx';
import { usePagedRows } from '../trail/use-paged-rows.ts';
import { useQuestion, type Question } from '../trail/use-question.ts';
import { useRowKeys } from '../trail/use-row-keys.ts';
import { VirtualRows } from '../trail/virtual-rows.tsx';
import { ExecutionsExport } from './executions-export.tsx';
import { Endings } from './endings.tsx';

/** Calls and actions, each with its intent and its outcome in one row. */
export function ExecutionsPage() {
  const question = useQuestion();
  const { search, turn, refresh } = question;
  const order = orderOf(search);
  const open = one(search, 'open') === 'true' ? 'true' : undefined;
  const asked = useMemo(
    () => ({ ...question.question, order, open }),
    [question.question, order, open],
  );
  const rows = usePagedRows<Entry>('/v1/executions', asked, turn);
  useShortcuts(useMemo(() => [{ keys: 'r', does: 'Read the list anew', run: refresh }], [refresh]));
  return (
    <Page
      wide
      title="Executions"
      about="Every call and action, with what was announced and how it ended as one."
      actions={
        <>
          <OrderButton {...question} />
          <ExecutionsExport {...question} />
        </>
      }
    >
      <ListFrame question={question} above={<Endings {...question} />} hasFacets={false}>
        {(coveredPx) => <ExecutionList question={question} rows={rows} coveredPx={coveredPx} />}
      </ListFrame>
    </Page>
  );
}

interface ExecutionListProps {
  readonly question: Question;
  readonly rows: PagedRows<Entry>;
  readonly coveredPx: number;
}

const pathOf = ({ execution_id = '' }: Entry) => `/executions/${encodeURIComponent(execution_id)}`;

function ExecutionList({ question, rows, coveredPx }: ExecutionListProps) {
  const isNarrow = useIsNarrow();
  const navigate = useNavigate();
  const keys = useRowKeys({ first: 0, last: rows.count - 1, what: 'execution' });
  const open = useCallback(
    ({ execution_id = '' }: Entry) =>
      void navigate({
        to: '/executions/$executionId',
        params: { executionId: execution_id },
        search: {} as Search,
      }),
    [navigate],
  );
  return (
    <VirtualRows
      label="Executions"
      rows={rows}
      rowPx={isNarrow ? NARROW_ROW_PX : ROW_PX}
      coveredPx={coveredPx}
      header={<RowHeader />}
      target={keys.target}
      empty={<NothingFound question={question} what="executions" />}
      failed={<QuestionFailed question={question} error={rows.error} retry={() => rows.retry()} />}
      render={(entry, at) => (
        <TrailRow
          entry={entry}
          at={at}
          href={pathOf(entry)}
          isChosen={at === keys.at}
          isOpen={false}
          isFresh={false}
          isNarrow={isNarrow}
          unended="not ended"
          onOpen={open}
        />
      )}
    />
  );
}
