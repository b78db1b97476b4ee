import { plain } from '@affidavit/schema/plain';
import { sentenceOf } from '@affidavit/schema/sentence';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { get } from '../../shared/api/client.ts';
import type { Entry, Page } from '../../shared/api/types.ts';
import { toCsv } from '../../shared/format/csv.ts';
import { plural } from '../../shared/format/number.ts';
import { Button } from '../../shared/ui/button.tsx';
import { saveText } from '../../shared/ui/save-text.ts';
import { useToast } from '../../shared/ui/toast.tsx';
import { one } from '../search.ts';
import type { Question } from '../trail/use-question.ts';

const PAGE_ROWS = 1000;
const ROWS_MAX = 10_000;

const COLUMNS: Readonly<Record<string, (row: Entry) => string | number | undefined>> = {
  execution_id: (row) => row.execution_id,
  ended_at: (row) => row.created_at,
  who: (row) => sentenceOf(row).who,
  what: (row) => sentenceOf(row).what,
  provider: (row) => row.provider,
  verb: (row) => row.verb,
  agent_id: (row) => row.agent_id,
  principal_id: (row) => row.principal_id,
  run_id: (row) => row.run_id,
  reason: (row) => plain(row.reason),
  outcome: (row) => row.outcome,
  response_status: (row) => row.response_status,
  took_ms: (row) => row.latency_ms ?? row.duration_ms,
  event_id: (row) => row.event_id,
  seq: (row) => row.seq,
};

async function readRows(question: Question): Promise<readonly Entry[]> {
  const rows: Entry[] = [];
  let cursor: string | null = null;
  do {
    const open = one(question.search, 'open');
    const asked = { ...question.question, open, limit: PAGE_ROWS, cursor };
    const page: Page<Entry> = await get<Page<Entry>>('/v1/executions', asked);
    rows.push(...page.data);
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor !== null && rows.length < ROWS_MAX);
  return rows;
}

/** The newest that the filters find, as CSV. All entries, without a limit, are exported from the trail. */
export function ExecutionsExport(question: Question) {
  const [isBusy, setIsBusy] = useState(false);
  const toast = useToast();
  const download = async () => {
    setIsBusy(true);
    try {
      const rows = await readRows(question);
      const cells = Object.values(COLUMNS);
      const lines = rows.map((row) => cells.map((of) => of(row)));
      saveText('executions.csv', toCsv(Object.keys(COLUMNS), lines));
      const more = rows.length >= ROWS_MAX ? 'The export of the trail has no limit.' : undefined;
      toast.good(`${plural(rows.length, 'execution')} exported`, more);
    } catch (error) {
      toast.failed(error);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Button busy={isBusy} onClick={() => void download()}>
      {isBusy ? null : <Download aria-hidden />}
      CSV
    </Button>
  );
}
