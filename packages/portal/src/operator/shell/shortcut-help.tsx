import { Dialog } from '../../shared/ui/dialog.tsx';
import { activeShortcuts } from '../../shared/ui/shortcuts.ts';

/** All keys that work on this page. */
export function ShortcutHelp({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <dl className="grid grid-cols-2 gap-x-6 gap-y-1.5 max-sm:grid-cols-1">
        {open
          ? activeShortcuts().map(({ keys, does }) => (
              <div key={keys} className="flex items-center justify-between gap-3">
                <dt>{does}</dt>
                <dd className="flex gap-1">
                  {keys.split(' ').map((key, place) => (
                    <kbd
                      key={`${place}${key}`}
                      className="rounded border border-line bg-sunken px-1.5 py-0.5 font-mono text-xs"
                    >
                      {key.replace('mod+', 'Ctrl ')}
                    </kbd>
                  ))}
                </dd>
              </div>
            ))
          : null}
      </dl>
    </Dialog>
  );
}
