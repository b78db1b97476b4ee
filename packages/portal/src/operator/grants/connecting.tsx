import { useGet } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { buttonClass } from '../../shared/ui/button.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { Card } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { GrantLink } from '../links.tsx';

/** What `POST /v1/connect` answers. */
export interface Started {
  readonly connect_id: string;
  readonly url: string;
  readonly expires_at: string;
}

interface Connect {
  readonly connect_id: string;
  readonly provider: string;
  readonly status: 'pending' | 'connected' | 'failed' | 'expired';
  readonly grant_id?: string;
  readonly error?: string;
  readonly expires_at: string;
}

const AGAIN_MS = 2000;
const FAULTS: Readonly<Record<string, string>> = {
  access_denied: 'They did not allow the access.',
  other_account: 'They signed in with another account than before.',
  grant_revoked: 'The grant was revoked meanwhile.',
};

interface ConnectingProps {
  readonly connectId: string;
  /** Known only to who made it: it is not shown again after the page was closed. */
  readonly url: string | undefined;
}

/** The way of somebody to an OAuth server and back, looked at until it ends. */
export function Connecting({ connectId, url }: ConnectingProps) {
  const path = `/v1/connect/${encodeURIComponent(connectId)}`;
  const asked = useGet<Connect>(path, {}, { refetchInterval: AGAIN_MS });
  return (
    <Card>
      <h2 className="mb-2 text-base font-semibold">Connecting</h2>
      <Answer of={asked}>{(connect) => <Shown connect={connect} url={url} />}</Answer>
    </Card>
  );
}

/** Only addresses of the web are links. */
const isWeb = (url: string) => ['https:', 'http:'].includes(URL.parse(url)?.protocol ?? '');

function Shown({ connect, url }: { readonly connect: Connect; readonly url: string | undefined }) {
  const { status, provider, grant_id, error, expires_at } = connect;
  if (status === 'connected') {
    return (
      <p aria-live="polite">
        <Badge tone="good">connected</Badge> The account at {provider} can be used:{' '}
        <GrantLink id={grant_id}>open the grant</GrantLink>.
      </p>
    );
  }
  if (status !== 'pending') {
    return (
      <p aria-live="polite">
        <Badge tone="failed">{status}</Badge>{' '}
        {FAULTS[error ?? ''] ?? (error ? `It ended with ${error}.` : 'Make a new link.')}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3" aria-live="polite">
      <p>
        <Badge tone="open">waiting</Badge> for the owner of the account at {provider}, until{' '}
        <Time at={expires_at} as="short" />.
      </p>
      {url === undefined ? null : (
        <>
          <code className="max-h-24 overflow-y-auto rounded bg-sunken px-2 py-1.5 font-mono text-xs break-all">
            {url}
          </code>
          <div className="flex flex-wrap gap-2">
            <CopyButton text={url} what="link" />
            {isWeb(url) ? (
              <a href={url} target="_blank" rel="noreferrer" className={buttonClass('plain')}>
                Open it here
              </a>
            ) : null}
          </div>
          <p className="text-xs text-ink-2">
            Send it to the owner, or open it if that is you. It works once.
          </p>
        </>
      )}
    </div>
  );
}
