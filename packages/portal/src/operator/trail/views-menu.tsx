import { Bookmark, Plus } from 'lucide-react';
import { useState } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Menu } from '../../shared/ui/menu.tsx';
import { useToast } from '../../shared/ui/toast.tsx';
import type { Search } from '../search.ts';
import type { Question } from './use-question.ts';
import { BUILT_IN, loadViews, saveViews, withView, type View } from './views.ts';

/** Filters with a name: some that everybody has, and one's own, kept by this browser. */
export function ViewsMenu({ search, change }: Question) {
  const [own, setOwn] = useState(loadViews);
  const [isOpen, setIsOpen] = useState(false);
  const toast = useToast();
  const keep = (views: readonly View[], done: string) => {
    setOwn(views);
    if (saveViews(views)) toast.good(done);
    else toast.good(done, 'Only until this page is closed: the browser keeps nothing.');
  };
  const { event: _event, live: _live, ...filters } = search;
  const items = [
    ...[...BUILT_IN, ...own].map(({ name, search: to }) => ({
      label: name,
      onSelect: () => change(() => to),
    })),
    { label: 'Save or remove views …', icon: <Plus />, onSelect: () => setIsOpen(true) },
  ];
  return (
    <>
      <Menu
        trigger={
          <Button>
            <Bookmark aria-hidden />
            Views
          </Button>
        }
        items={items}
      />
      <Dialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        title="Views"
        description="Filters that you come back to. They are kept in this browser."
      >
        <SaveView
          search={filters}
          onSave={(view) => {
            keep(withView(own, view), `View “${view.name}” saved`);
            setIsOpen(false);
          }}
        />
        <OwnViews
          views={own}
          onRemove={({ name }) =>
            keep(
              own.filter((view) => view.name !== name),
              `View “${name}” removed`,
            )
          }
        />
      </Dialog>
    </>
  );
}

interface SaveViewProps {
  readonly search: Search;
  readonly onSave: (view: View) => void;
}

function SaveView({ search, onSave }: SaveViewProps) {
  const [name, setName] = useState('');
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onSave({ name: name.trim(), search });
      }}
    >
      <div className="grow">
        <TextField
          label="Save what is shown now as"
          value={name}
          onChange={setName}
          maxLength={60}
          required
          pattern=".*\S.*"
        />
      </div>
      <Button type="submit" look="primary" className="min-h-9">
        Save
      </Button>
    </form>
  );
}

interface OwnViewsProps {
  readonly views: readonly View[];
  readonly onRemove: (view: View) => void;
}

function OwnViews({ views, onRemove }: OwnViewsProps) {
  if (views.length === 0) return null;
  return (
    <ul aria-label="Your views" className="mt-5 divide-y divide-line border-t border-line">
      {views.map((view) => (
        <li key={view.name} className="flex items-center gap-2 py-1.5">
          <span className="min-w-0 grow truncate">{view.name}</span>
          <Button look="quiet" onClick={() => onRemove(view)} aria-label={`Remove ${view.name}`}>
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}
