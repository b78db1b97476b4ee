import { Link } from '@tanstack/react-router';
import { Keyboard, LogOut, Monitor, Moon, Search, Sun } from 'lucide-react';

import { call } from '../../shared/api/client.ts';
import type { Whoami } from '../../shared/api/types.ts';
import { useTheme } from '../../shared/theme/theme.ts';
import { IconButton } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import type { Place } from '../places.ts';
import { AppSwitch } from './app-switch.tsx';

interface SidebarProps {
  readonly who: Whoami;
  readonly places: readonly Place[];
  /** On narrow screens it is only there when it was opened. */
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onSearch: () => void;
  readonly onHelp: () => void;
}

export function Sidebar({ who, places, open, onClose, onSearch, onHelp }: SidebarProps) {
  const groups = Map.groupBy(places, ({ group }) => group);
  return (
    <>
      {open ? (
        <div aria-hidden className="fixed inset-0 z-30 bg-black/40 lg:hidden" onClick={onClose} />
      ) : null}
      <nav
        aria-label="Pages"
        className={cx(
          'z-30 flex h-dvh w-56 shrink-0 flex-col border-r border-line bg-panel max-lg:fixed max-lg:shadow-float',
          'lg:sticky lg:top-0',
          open ? '' : 'max-lg:hidden',
        )}
      >
        <div className="flex items-center gap-2 px-4 pt-4 pb-2">
          <img src="/assets/seal.svg" alt="" className="size-6" />
          <span className="text-base font-semibold tracking-tight">Affidavit</span>
        </div>
        <div className="px-3 pb-2">
          <AppSwitch who={who} />
          <button
            type="button"
            onClick={onSearch}
            className="mt-1.5 flex w-full items-center gap-2 rounded-md border border-line px-2 py-1.5 text-left text-sm text-ink-3 hover:bg-sunken"
          >
            <Search className="size-4" />
            <span className="grow">Find</span>
            <kbd className="rounded border border-line px-1 font-sans text-xs">Ctrl K</kbd>
          </button>
        </div>
        <div className="grow overflow-y-auto px-3 pb-4">
          {[...groups].map(([group, members]) => (
            <div key={group} className="mt-2">
              <h2 className="px-2 py-1 text-xs font-medium text-ink-3">{group}</h2>
              {members.map((place) => (
                <PlaceLink key={place.path} place={place} onClick={onClose} />
              ))}
            </div>
          ))}
        </div>
        <Footer who={who} onHelp={onHelp} />
      </nav>
    </>
  );
}

function PlaceLink({ place, onClick }: { readonly place: Place; readonly onClick: () => void }) {
  const { icon: Icon, path, name } = place;
  return (
    <Link
      to={path}
      onClick={onClick}
      activeOptions={{ exact: path === '/', includeSearch: false }}
      className="flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm text-ink-2 hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      {name}
    </Link>
  );
}

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

function Footer({ who, onHelp }: { readonly who: Whoami; readonly onHelp: () => void }) {
  const { theme, next } = useTheme();
  const Icon = THEME_ICONS[theme];
  const signOut = async () => {
    await call('DELETE', '/v1/session');
    location.assign('/sign-in');
  };
  return (
    <div className="flex items-center gap-1 border-t border-line px-3 py-2">
      <div className="min-w-0 grow px-1">
        <div className="truncate text-sm font-medium" title={who.name ?? undefined}>
          {who.name ?? 'Signed in'}
        </div>
        <div className="text-xs text-ink-3">{who.owner ? 'owner' : (who.role ?? 'by key')}</div>
      </div>
      <IconButton label={`Theme: ${theme}`} onClick={next}>
        <Icon />
      </IconButton>
      <IconButton label="Keys" onClick={onHelp}>
        <Keyboard />
      </IconButton>
      <IconButton label="Sign out" onClick={() => void signOut()}>
        <LogOut />
      </IconButton>
    </div>
  );
}
