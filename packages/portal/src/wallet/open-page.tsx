import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';

import { Button, buttonClass } from '../shared/ui/button.tsx';
import { explain } from '../shared/ui/toast.tsx';
import { useAddress, walletOf } from './address.ts';
import { openByLink, signInWays } from './api.ts';

const SAID: Readonly<Record<string, string>> = {
  access_denied: 'You were not let in where you signed in.',
  not_known: 'Nothing is kept here for whom you signed in as.',
  expired: 'That took too long. Try again.',
};

interface OpenPageProps {
  readonly link: string | null;
  /** It was open in this tab before. */
  readonly wasOpen: boolean;
  readonly onOpened: () => void;
}

/** Before the wallet is open: by a link that works once, or by signing in. */
export function OpenPage({ link, wasOpen, onOpened }: OpenPageProps) {
  const { error } = useAddress();
  return (
    <main className="flex min-h-dvh items-center justify-center p-4 text-base">
      <div className="w-full max-w-md rounded-xl border border-line bg-panel p-6 shadow-float">
        <div className="mb-4 flex items-center gap-3">
          <img src="/assets/seal.svg" alt="" className="size-10" />
          <h1 className="text-xl font-semibold">Your data</h1>
        </div>
        {link !== null ? (
          <ByLink link={link} onOpened={onOpened} />
        ) : (
          <BySigningIn>
            {error ? (
              <p role="alert" className="mb-4 rounded-md bg-failed-soft px-3 py-2 text-failed">
                {SAID[error] ?? 'Signing in did not work. Try again.'}
              </p>
            ) : wasOpen ? (
              <p className="mb-4 font-medium">Your page was closed, because time ran out.</p>
            ) : null}
          </BySigningIn>
        )}
      </div>
    </main>
  );
}

/** Nothing is used up before the press of the button: programs that look at mails open links too. */
function ByLink({ link, onOpened }: Pick<OpenPageProps, 'onOpened'> & { readonly link: string }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    // Out of the address: it would stay in the history.
    history.replaceState(null, '', location.pathname + location.search);
  }, []);
  const open = async () => {
    setBusy(true);
    try {
      await openByLink(link);
      onOpened();
    } catch (error) {
      const { title } = explain(error);
      setTrouble(`${title.charAt(0).toUpperCase()}${title.slice(1).replace(/\.$/, '')}.`);
      setBusy(false);
    }
  };
  if (trouble !== null) {
    return (
      <>
        <p role="alert" className="mb-3 rounded-md bg-failed-soft px-3 py-2 text-failed">
          {trouble}
        </p>
        <HowToComeBack />
      </>
    );
  }
  return (
    <>
      <p className="mb-5 text-ink-2">
        See which agents may use your accounts, what they did and why, and stop what you do not
        want. The link works once.
      </p>
      <Button
        look="primary"
        busy={busy}
        className="min-h-12 w-full text-base"
        onClick={() => void open()}
      >
        Open my page
      </Button>
    </>
  );
}

function BySigningIn({ children }: { readonly children: ReactNode }) {
  const { app_id } = useAddress();
  const ways = useQuery({
    queryKey: ['sign-in', app_id],
    queryFn: () => signInWays({ app_id }),
    retry: false,
  });
  const start = ways.data?.oidc?.start;
  return (
    <>
      {children}
      <HowToComeBack />
      {start ? (
        <a
          href={`${start}&to=${encodeURIComponent(walletOf(app_id))}`}
          className={buttonClass('primary', 'mt-5 min-h-12 w-full text-base')}
        >
          Sign in
        </a>
      ) : null}
    </>
  );
}

const HowToComeBack = () => (
  <p className="text-ink-2">
    Go back to the app that you use, and open this page from there. It makes a new link for you,
    which works once and for a few minutes.
  </p>
);
