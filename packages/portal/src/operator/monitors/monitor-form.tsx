import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { FormDialog } from '../../shared/ui/form.tsx';
import { isLevel, ruleInWords, type Monitor, type Preview, type Rule } from './monitor.ts';
import { bodyOf, draftOf, ruleOf } from './monitor-draft.ts';
import { MonitorFields } from './monitor-fields.tsx';
import { PreviewResult } from './preview-result.tsx';

const PATH = '/v1/monitors';
const PREVIEW_DAYS = 7;

interface MonitorFormProps {
  /** What is changed; a new one otherwise. */
  readonly old?: Monitor;
  /** What a new one begins with. */
  readonly from?: Rule | undefined;
  readonly onClose: () => void;
  /** Instead of `onClose`, when it is saved. */
  readonly onDone?: (monitor: Monitor) => void;
}

/** One form for new monitors and old ones; it can be tried on the past before it is saved. */
export function MonitorForm({ old, from, onClose, onDone }: MonitorFormProps) {
  const [draft, setDraft] = useState(() =>
    draftOf(old ?? from, Intl.DateTimeFormat().resolvedOptions().timeZone),
  );
  const save = useChange<void, Monitor>({
    mutationFn: () =>
      old
        ? call('PATCH', `${PATH}/${old.monitor_id}`, { body: ruleOf(draft) })
        : post(PATH, bodyOf(draft)),
    changes: [PATH],
    done: ({ name }) => (old ? `${name} begins anew with the change.` : `${name} is watched for.`),
    onSuccess: onDone ?? onClose,
    inForm: true,
  });
  const preview = useChange<void, Preview>({
    mutationFn: () => post(`${PATH}/preview`, { ...bodyOf(draft), days: PREVIEW_DAYS }),
    changes: [],
    inForm: true,
  });
  const error = save.error ?? preview.error;
  return (
    <FormDialog
      open
      wide
      onClose={onClose}
      title={old ? `Change ${old.name}` : 'Watch for something'}
      description={
        old
          ? 'A change ends its alarms, and it begins anew.'
          : 'An alarm is an entry of its own: it goes wherever entries go.'
      }
      action={old ? 'Save' : 'Watch for it'}
      busy={save.isPending}
      error={error}
      onSubmit={() => save.mutate()}
      beside={
        isLevel(draft.kind) ? null : (
          <Button busy={preview.isPending} onClick={() => preview.mutate()}>
            Try it on the last {PREVIEW_DAYS} days
          </Button>
        )
      }
    >
      <MonitorFields draft={draft} onChange={setDraft} error={error} />
      <p className="rounded-md bg-sunken px-3 py-2" aria-live="polite">
        {ruleInWords(ruleOf(draft))}
      </p>
      {preview.data ? <PreviewResult preview={preview.data} /> : null}
    </FormDialog>
  );
}
