import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useState } from 'react';

import type { Place } from '../places.ts';
import { leadOf } from './leads.ts';

interface PaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly places: readonly Place[];
}

interface Item {
  /** A path with its filters. */
  readonly value: string;
  readonly label: string;
  readonly about: string;
}

/** Goes anywhere by a few letters: pages, and the thing whose id or name was typed or pasted. */
export function Palette({ open, onClose, places }: PaletteProps) {
  const [text, setText] = useState('');
  const navigate = useNavigate();
  const router = useRouter();
  const close = () => {
    onClose();
    setText('');
  };
  const go = (value: string) => {
    close();
    void navigate({ href: router.history.createHref(value) });
  };
  const wanted = text.trim().toLowerCase();
  const items: Item[] = [
    ...places
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .map(({ path, name, key }) => ({ value: path, label: name, about: `g ${key}` })),
    ...leadOf(text),
  ];
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/35 dark:bg-black/60" />
        <Dialog.Popup
          aria-label="Find"
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-panel shadow-float"
        >
          <Autocomplete.Root
            open
            inline
            items={items}
            mode="none"
            value={text}
            onValueChange={setText}
            autoHighlight="always"
            keepHighlight
            itemToStringValue={({ label }: Item) => label}
          >
            <div className="flex items-center gap-2 border-b border-line px-3">
              <Search className="size-4 text-ink-3" aria-hidden />
              <Autocomplete.Input
                aria-label="Find a page, a person, an agent, a run or an id"
                placeholder="A page, or an id, a person, a word of the trail"
                className="h-11 w-full bg-transparent text-sm outline-none placeholder:text-ink-3"
              />
            </div>
            <Autocomplete.List className="max-h-[50vh] overflow-y-auto p-1.5">
              {(item: Item) => (
                <Autocomplete.Item
                  key={item.value}
                  value={item}
                  onClick={() => go(item.value)}
                  className="flex items-center gap-3 rounded-md px-2.5 py-2 text-sm outline-none select-none data-highlighted:bg-sunken"
                >
                  <span className="min-w-0 grow truncate">{item.label}</span>
                  <span className="shrink-0 text-xs text-ink-3">{item.about}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
