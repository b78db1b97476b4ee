import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { TextArea } from '../../shared/ui/field.tsx';
import type { Approval } from './types.ts';
import { forWhom, whatOf, whoOf } from './words.ts';

export type Verdict = 'approve' | 'reject';

interface DecideProps {
  readonly approval: Approval;
  /** Null: nothing is being decided. */
  readonly verdict: Verdict | null;
  readonly onClose: () => void;
  readonly onDecided?: () => void;
}

const SAID = {
  approve: {
    title: 'Approve this?',
    action: 'Approve and carry out',
    after: 'It is carried out at once, and once. That cannot be taken back.',
    done: 'Approved',
  },
  reject: {
    title: 'Reject this?',
    action: 'Reject',
    after: 'Nothing is sent, and who asked is told why.',
    done: 'Rejected',
  },
} as const;

/** A decision, with the reason that goes on the record. */
export function Decide({ approval, verdict, onClose, onDecided }: DecideProps) {
  const [reason, setReason] = useState('');
  const decide = useChange({
    mutationFn: async (chosen: Verdict) => {
      const path = `/v1/approvals/${approval.approval_id}/${chosen}`;
      const decided = await post<Approval>(path, { reason });
      // Before the list is read again: what was decided stays open.
      onDecided?.();
      return decided;
    },
    changes: ['/v1/approvals', '/v1/executions', '/v1/events'],
    done: ({ status }) => (status === 'rejected' ? SAID.reject.done : SAID.approve.done),
    onSuccess: onClose,
  });
  const { title, action, after } = SAID[verdict ?? 'reject'];
  const whom = forWhom(approval);
  return (
    <FormDialog
      open={verdict !== null}
      onClose={onClose}
      title={title}
      description={`${whoOf(approval)} asks for ${whatOf(approval)}${whom ? ` for ${whom}` : ''}. ${after}`}
      action={action}
      busy={decide.isPending}
      error={decide.error}
      onSubmit={() => verdict && decide.mutate(verdict)}
    >
      <TextArea
        label="Reason, for the record"
        value={reason}
        onChange={setReason}
        required
        rows={3}
        maxLength={2000}
        error={faultOf(decide.error, 'reason')}
      />
    </FormDialog>
  );
}
