import { useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Drawer } from '../../shared/ui/dialog.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useParam } from '../use-param.ts';
import { ApprovalDetail } from './approval-detail.tsx';
import type { Approval } from './types.ts';
import { forWhom, standing, STATES, whatOf, whoOf } from './words.ts';

const columnsOf = (open: (approvalId: string) => void): readonly Column<Approval>[] => [
  {
    name: 'Asked',
    cell: (row) => (
      <button
        type="button"
        className="text-left hover:underline"
        onClick={() => open(row.approval_id)}
      >
        <Time at={row.created_at} as="short" />
      </button>
    ),
  },
  { name: 'What', cell: whatOf, className: 'break-words' },
  { name: 'Who', cell: whoOf, className: 'break-words', minor: true },
  { name: 'For', cell: forWhom, className: 'break-words', minor: true },
  {
    name: 'Came of it',
    cell: (row) => <Badge tone={standing(row).tone}>{standing(row).word}</Badge>,
  },
  {
    name: 'Because',
    cell: ({ decision }) => decision?.reason,
    className: 'break-words',
    minor: true,
  },
];

const CHOICES = [{ value: '', label: 'all' }, ...STATES];

const CSV = {
  approval_id: (row: Approval) => row.approval_id,
  status: (row: Approval) => row.status,
  who: whoOf,
  for: forWhom,
  what: whatOf,
  reason: (row: Approval) => row.request?.reason,
  because: (row: Approval) => row.decision?.reason,
  created_at: (row: Approval) => row.created_at,
  decided_at: (row: Approval) => row.decided_at,
  ended_at: (row: Approval) => row.ended_at,
  execution_id: (row: Approval) => row.execution_id,
};

/** What was decided, expired or waits, the newest first. It is kept for a week; the trail has it for longer. */
export function History() {
  const [status, setStatus] = useParam('status');
  const [open, setOpen] = useParam('open');
  const list = useList<Approval>('/v1/approvals', { status, order: 'desc' });
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end justify-between gap-3">
        <div className="w-56">
          <SelectField
            label="Came of it"
            value={status ?? ''}
            onChange={(value) => setStatus(value || undefined)}
            options={CHOICES}
          />
        </div>
        <CsvButton name="approvals" rows={list.rows} columns={CSV} />
      </div>
      <Listed
        label="Approvals"
        list={list}
        columns={columnsOf(setOpen)}
        rows={list.rows}
        rowKey={(row) => row.approval_id}
        onOpen={(row) => setOpen(row.approval_id)}
        empty={{
          title: 'None in the last week',
          children:
            'Approvals are listed for a week after their end. The trail keeps them for longer.',
        }}
      />
      <Drawer open={open !== undefined} onClose={() => setOpen(undefined)} title="Approval">
        {open === undefined ? null : <ApprovalDetail key={open} approvalId={open} />}
      </Drawer>
    </>
  );
}
