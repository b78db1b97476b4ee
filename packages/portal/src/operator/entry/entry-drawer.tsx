import { ChevronDown, ChevronUp } from 'lucide-react';
import { useMemo } from 'react';

import { ApiError } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { IconButton } from '../../shared/ui/button.tsx';
import { Drawer } from '../../shared/ui/dialog.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { Answer } from '../../shared/ui/states.tsx';
import { EntryDetail } from './entry-detail.tsx';
import { EntryGone } from './entry-gone.tsx';

interface EntryDrawerProps {
  /** Open while there is one. */
  readonly eventId: string | undefined;
  readonly onClose: () => void;
  /** To the next (1) or the previous (-1) of the list it was opened from; `j` and `k`. */
  readonly onStep?: (by: 1 | -1) => void;
  /** What a list has of it already: shown at once. */
  readonly known?: Entry | undefined;
}

/** One entry, beside the list it was opened from. */
export function EntryDrawer({ eventId, onClose, onStep, known }: EntryDrawerProps) {
  return (
    <Drawer
      open={eventId !== undefined}
      onClose={onClose}
      title={known?.event_type ?? 'Entry'}
      actions={onStep ? <Steps onStep={onStep} /> : null}
      beside
    >
      {eventId === undefined ? null : known?.event_id === eventId ? (
        <EntryDetail entry={known} />
      ) : (
        <FetchedEntry key={eventId} eventId={eventId} />
      )}
    </Drawer>
  );
}

function FetchedEntry({ eventId }: { readonly eventId: string }) {
  const answer = useGet<Entry>(`/v1/events/${encodeURIComponent(eventId)}`);
  if (answer.error instanceof ApiError && answer.error.code === 'gone') {
    return <EntryGone eventId={eventId} problem={answer.error.problem} />;
  }
  return <Answer of={answer}>{(entry) => <EntryDetail entry={entry} />}</Answer>;
}

function Steps({ onStep }: { readonly onStep: (by: 1 | -1) => void }) {
  const keys = useMemo(
    () => [
      { keys: 'j', does: 'Next entry', run: () => onStep(1) },
      { keys: 'k', does: 'Previous entry', run: () => onStep(-1) },
    ],
    [onStep],
  );
  useShortcuts(keys);
  return (
    <>
      <IconButton label="Previous entry (k)" onClick={() => onStep(-1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label="Next entry (j)" onClick={() => onStep(1)}>
        <ChevronDown />
      </IconButton>
    </>
  );
}
