import { useQueryClient } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { useEffect, useState } from 'react';

import { ApiError } from '../shared/api/client.ts';
import { useChange, useGet } from '../shared/api/queries.ts';
import { Button } from '../shared/ui/button.tsx';
import { Failed, Loading } from '../shared/ui/states.tsx';
import { Tabs } from '../shared/ui/tabs.tsx';
import { ActivityTab } from './activity-tab.tsx';
import { go, useAddress, walletOf } from './address.ts';
import { close, PATHS, type Wallet } from './api.ts';
import { ConnectionsTab } from './connections-tab.tsx';
import { ErasureTab } from './erasure-tab.tsx';
import { OpenPage } from './open-page.tsx';

const AGAIN_MS = 60_000;

const linkOf = (hash: string) => new URLSearchParams(hash.replace(/^#/, '')).get('link');

/** The wallet: who may use this person's accounts, what was done with them, and how to stop it. */
export function WalletPage() {
  const [link, setLink] = useState(() => linkOf(location.hash));
  const wallet = useGet<Wallet>(
    PATHS.wallet,
    {},
    { enabled: link === null, refetchInterval: AGAIN_MS },
  );
  const isClosed = wallet.error instanceof ApiError && wallet.error.code === 'unauthorized';
  useEffect(() => {
    // A link that is opened where the page is open already changes nothing but the hash.
    const onHash = () => setLink((before) => linkOf(location.hash) ?? before);
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  useEffect(() => {
    document.title = wallet.data ? `Your data at ${wallet.data.app_name}` : 'Your data';
  }, [wallet.data]);
  if (link !== null || isClosed) {
    const wasOpen = wallet.data !== undefined;
    return (
      <OpenPage
        key={link}
        link={link}
        wasOpen={wasOpen}
        onOpened={() => {
          setLink(null);
          void wallet.refetch();
        }}
      />
    );
  }
  return (
    <div className="mx-auto min-h-dvh w-full max-w-3xl px-4 pb-16 text-base">
      {wallet.data ? (
        <OpenWallet wallet={wallet.data} />
      ) : (
        <main>
          {wallet.error ? (
            <Failed error={wallet.error} retry={() => void wallet.refetch()} />
          ) : (
            <Loading />
          )}
        </main>
      )}
    </div>
  );
}

const TABS = ['access', 'activity', 'data'] as const;

function OpenWallet({ wallet }: { readonly wallet: Wallet }) {
  const { tab } = useAddress();
  const open = TABS.find((name) => name === tab) ?? 'access';
  return (
    <>
      <WalletHeader wallet={wallet} />
      <main>
        <Tabs
          value={open}
          onChange={(next) => go({ tab: next })}
          tabs={[
            {
              value: 'access',
              label: 'Access',
              content: <ConnectionsTab wallet={wallet} />,
            },
            { value: 'activity', label: 'What was done', content: <ActivityTab wallet={wallet} /> },
            { value: 'data', label: 'Erasure', content: <ErasureTab wallet={wallet} /> },
          ]}
        />
      </main>
    </>
  );
}

function WalletHeader({ wallet }: { readonly wallet: Wallet }) {
  const queries = useQueryClient();
  const { app_id } = useAddress();
  const leaving = useChange({
    mutationFn: close,
    changes: [],
    onSuccess: () => {
      // Nothing of it stays in the page for whoever uses this device next.
      queries.clear();
      location.replace(walletOf(app_id));
    },
  });
  return (
    <header className="flex items-start gap-3 pt-6 pb-5">
      <img src="/assets/seal.svg" alt="" className="size-10 shrink-0" />
      <div className="min-w-0 grow">
        <h1 className="text-xl font-semibold tracking-tight break-words">
          Your data at {wallet.app_name}
        </h1>
        <p className="break-words text-ink-2">
          You are {wallet.email ?? wallet.principal_id}. Only you see this page.
        </p>
      </div>
      <Button
        className="min-h-11"
        busy={leaving.isPending}
        onClick={() => leaving.mutate(undefined)}
      >
        <LogOut aria-hidden /> <span className="max-sm:sr-only">Sign out</span>
      </Button>
    </header>
  );
}
