import { Outlet, useNavigate } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { useEffect, useState } from 'react';

import type { Whoami } from '../../shared/api/types.ts';
import { IconButton } from '../../shared/ui/button.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { Answer } from '../../shared/ui/states.tsx';
import { maySee, useWhoami } from '../session.ts';
import { PLACES } from '../places.ts';
import { Palette } from './palette.tsx';
import { ShortcutHelp } from './shortcut-help.tsx';
import { Sidebar } from './sidebar.tsx';

/** The frame around all pages: where one can go, who one is, and the keys that work everywhere. */
export function Shell() {
  const whoami = useWhoami();
  return <Answer of={whoami}>{(who) => <SignedIn who={who} />}</Answer>;
}

function SignedIn({ who }: { readonly who: Whoami }) {
  const [open, setOpen] = useState<'none' | 'palette' | 'help' | 'sidebar'>('none');
  const close = () => setOpen('none');
  const navigate = useNavigate();
  const places = PLACES.filter((place) => maySee(who, place));
  useShortcuts([
    { keys: 'mod+k', does: 'Find a page or a thing', run: () => setOpen('palette') },
    { keys: '?', does: 'Show these keys', run: () => setOpen('help') },
    ...places.map(({ path, name, key }) => ({
      keys: `g ${key}`,
      does: name,
      run: () => void navigate({ to: path }),
    })),
  ]);
  useEffect(() => {
    if (open !== 'sidebar') return undefined;
    const onKey = ({ key }: KeyboardEvent) => key === 'Escape' && setOpen('none');
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-panel px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the contents
      </a>
      <Sidebar
        who={who}
        places={places}
        open={open === 'sidebar'}
        onClose={close}
        onSearch={() => setOpen('palette')}
        onHelp={() => setOpen('help')}
      />
      <div className="flex min-w-0 grow flex-col">
        <header className="sticky top-0 z-20 flex items-center gap-2 border-b border-line bg-paper px-3 py-2 lg:hidden">
          <IconButton label="Open the menu" onClick={() => setOpen('sidebar')}>
            <MenuIcon />
          </IconButton>
          <span className="font-semibold">Affidavit</span>
        </header>
        <main id="main" tabIndex={-1} className="flex min-w-0 grow flex-col outline-none">
          <Outlet />
        </main>
      </div>
      <Palette open={open === 'palette'} onClose={close} places={places} />
      <ShortcutHelp open={open === 'help'} onClose={close} />
    </div>
  );
}
