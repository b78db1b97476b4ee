import { useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

import { ApiError, post } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import { Button, buttonClass } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { explain } from '../../shared/ui/toast.tsx';
import { one } from '../search.ts';

interface Ways {
  readonly oidc: { readonly issuer: string; readonly start: string } | null;
}

/** What the identity provider's way back says by a short code. */
const SAID: Readonly<Record<string, string>> = {
  access_denied: 'The identity provider did not let you in.',
  not_known:
    'You are known to the identity provider, but not as an operator here. Ask an owner to add you.',
  expired: 'That took too long. Try again.',
};

/** Own paths only: whatever else stands there came from somebody else. */
export function wayBack(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/';
}

const linkOf = (hash: string) => new URLSearchParams(hash.replace(/^#/, '')).get('link');

/** Signing in: by a one-time link, by the identity provider, or with a key. */
export function SignInPage() {
  const search = useSearch({ strict: false });
  const to = wayBack(one(search, 'to'));
  const [link] = useState(() => linkOf(location.hash));
  const error = one(search, 'error');
  useEffect(() => {
    document.title = 'Sign in · Affidavit';
  }, []);
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <img src="/assets/seal.svg" alt="" className="size-9" />
          <div>
            <h1 className="text-lg font-semibold">Affidavit</h1>
            <p className="text-ink-2">The audit trail for AI agents</p>
          </div>
        </div>
        <div className="rounded-xl border border-line bg-panel p-5 shadow-float">
          {error ? <Trouble text={SAID[error] ?? 'Signing in did not work. Try again.'} /> : null}
          {link === null ? <Ways to={to} /> : <ByLink link={link} to={to} />}
        </div>
      </div>
    </main>
  );
}

const Trouble = ({ text }: { readonly text: string }) => (
  <p role="alert" className="mb-4 rounded-md bg-failed-soft px-3 py-2 text-failed">
    {text}
  </p>
);

function useSignIn(to: string) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const signIn = async (proof: { link: string } | { key: string }) => {
    setBusy(true);
    setTrouble(null);
    try {
      await post('/v1/sessions', proof);
      // A fresh page: nothing that was asked without a session is left.
      location.replace(to);
    } catch (error) {
      setTrouble(error instanceof ApiError ? error.message : explain(error).title);
      setBusy(false);
    }
  };
  return {
    busy,
    trouble,
    signIn: (proof: { link: string } | { key: string }) => void signIn(proof),
  };
}

/** A press of the button uses the link up: that mail scanners open links must not. */
function ByLink({ link, to }: { readonly link: string; readonly to: string }) {
  const { busy, trouble, signIn } = useSignIn(to);
  useEffect(() => {
    // Out of the address: it would stay in the history.
    history.replaceState(history.state, '', location.pathname + location.search);
  }, []);
  return (
    <>
      {trouble ? <Trouble text={trouble} /> : <p className="mb-4">This link signs you in once.</p>}
      <Button look="primary" busy={busy} className="w-full" onClick={() => signIn({ link })}>
        Sign in
      </Button>
      {trouble ? (
        <a href="/sign-in" className="mt-3 block text-center text-accent underline">
          Other ways to sign in
        </a>
      ) : null}
    </>
  );
}

function Ways({ to }: { readonly to: string }) {
  const ways = useGet<Ways>('/v1/sign-in', { audience: 'operators' });
  const [key, setKey] = useState('');
  const { busy, trouble, signIn } = useSignIn(to);
  const start = ways.data?.oidc?.start;
  return (
    <>
      {start ? (
        <>
          <a
            href={`${start}&to=${encodeURIComponent(to)}`}
            className={buttonClass('primary', 'w-full')}
          >
            Sign in with {new URL(ways.data?.oidc?.issuer ?? 'https://x').host}
          </a>
          <p className="my-4 text-center text-xs text-ink-3">or</p>
        </>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn({ key: key.trim() });
        }}
      >
        <TextField
          label="API key"
          type="password"
          autoComplete="off"
          required
          autoFocus
          value={key}
          onChange={setKey}
          error={trouble}
          hint="A key with the scope admin, or one that was minted for a role. It stays in your browser only until you are signed in."
        />
        <Button
          type="submit"
          look={start ? 'plain' : 'primary'}
          busy={busy}
          className="mt-4 w-full"
        >
          Sign in
        </Button>
      </form>
      <p className="mt-4 text-xs text-ink-3">
        On the machine of the server, <code className="font-mono">npm run affidavit -- portal</code>{' '}
        prints a link that signs you in.
      </p>
    </>
  );
}
