import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { chosenApp, setCurrentApp } from '../../shared/api/client.ts';
import { useList } from '../../shared/api/queries.ts';
import type { Whoami } from '../../shared/api/types.ts';
import { CONTROL } from '../../shared/ui/field.tsx';

interface App {
  readonly app_id: string;
  readonly name: string;
}

const KEY = 'affidavit-app';

/** Before the first question is asked: the app that was chosen the last time. */
export function restoreApp(): void {
  try {
    setCurrentApp(sessionStorage.getItem(KEY) ?? undefined);
  } catch {
    // Without storage a page begins with the app of the session.
  }
}

/** Whoever signs in begins with their own app. */
export function forgetApp(): void {
  setCurrentApp(undefined);
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

function remember(appId: string): void {
  try {
    sessionStorage.setItem(KEY, appId);
  } catch {
    // It holds until the page is closed.
  }
}

/** Which app all pages are about. Only who administers the installation has more than one. */
export function AppSwitch({ who }: { readonly who: Whoami }) {
  const queries = useQueryClient();
  const apps = useList<App>('/v1/apps', { limit: 1000 }, { enabled: who.installation });
  const [chosen, setChosen] = useState(() => chosenApp() ?? who.app_id);
  if (!who.installation || apps.rows.length < 2) {
    return <div className="truncate px-2 text-xs text-ink-3">{who.app_name}</div>;
  }
  const choose = (appId: string) => {
    setChosen(appId);
    setCurrentApp(appId);
    remember(appId);
    void queries.resetQueries();
  };
  return (
    <select
      aria-label="App"
      value={chosen}
      onChange={(event) => choose(event.target.value)}
      className={CONTROL}
    >
      {apps.rows.map(({ app_id, name }) => (
        <option key={app_id} value={app_id}>
          {name}
        </option>
      ))}
    </select>
  );
}
