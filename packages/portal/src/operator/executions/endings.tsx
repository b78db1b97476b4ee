import { cx } from '../../shared/ui/cx.ts';
import { all, one, type Search } from '../search.ts';
import type { Question } from '../trail/use-question.ts';

interface Ending {
  readonly label: string;
  readonly open?: 'true';
  readonly outcome?: readonly string[];
}

const ENDINGS: readonly Ending[] = [
  { label: 'All' },
  { label: 'Not ended', open: 'true' },
  { label: 'Done', outcome: ['success'] },
  { label: 'Refused', outcome: ['policy_denied', 'blocked'] },
  { label: 'Failed', outcome: ['provider_error', 'network_error', 'error'] },
  { label: 'Repeats', outcome: ['replayed'] },
  { label: 'Dry runs', outcome: ['dry_run'] },
  { label: 'Unknown', outcome: ['unknown'] },
];

function isChosen(search: Search, { open, outcome = [] }: Ending): boolean {
  const chosen = all(search, 'outcome');
  const isSame = chosen.length === outcome.length && outcome.every((one) => chosen.includes(one));
  return isSame && (one(search, 'open') === 'true') === (open === 'true');
}

/** How they ended, to choose from. */
export function Endings({ search, change }: Question) {
  return (
    <div role="group" aria-label="How they ended" className="mb-3 flex flex-wrap gap-1.5">
      {ENDINGS.map((ending) => (
        <button
          key={ending.label}
          type="button"
          aria-pressed={isChosen(search, ending)}
          onClick={() =>
            change((before) => ({ ...before, open: ending.open, outcome: ending.outcome }))
          }
          className={cx(
            'rounded-md border border-line px-2.5 py-1 text-sm text-ink-2 hover:bg-sunken',
            'aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent',
          )}
        >
          {ending.label}
        </button>
      ))}
    </div>
  );
}
