import { useParams } from '@tanstack/react-router';

import { useGet, useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Card, Page, Section } from '../../shared/ui/page.tsx';
import { Answer, Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { grantInWords, type GrantRow } from '../directory.ts';
import { EntryList } from '../entry/entry-list.tsx';
import { PersonLink, TrailLink } from '../links.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { Connecting } from './connecting.tsx';
import { Delegations } from './delegations.tsx';
import { GrantActions } from './grant-actions.tsx';
import { GRANT_STATUS, KIND_OF_GRANT } from './words.ts';

/** One grant: what it opens for whom, who may use it, and its life. */
export function GrantPage() {
  const { grantId = '' } = useParams({ strict: false });
  const shown = useGet<GrantRow>(`/v1/grants/${encodeURIComponent(grantId)}`);
  if (shown.data === undefined || shown.error) {
    return (
      <Page title="Grant">
        <Answer of={shown}>{() => null}</Answer>
      </Page>
    );
  }
  return <Shown key={grantId} grant={shown.data} />;
}

function Shown({ grant }: { readonly grant: GrantRow }) {
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const [connectId] = useParam('connect');
  const { word, tone } = GRANT_STATUS[grant.status];
  return (
    <Page
      title={grantInWords(grant)}
      about={
        <span className="flex flex-wrap items-center gap-x-3">
          <Badge tone={tone}>{word}</Badge>
          <Id value={grant.grant_id} />
        </span>
      }
      actions={may ? <GrantActions grant={grant} /> : null}
    >
      <div className="mb-8 grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
        <Card>
          <h2 className="mb-2 text-base font-semibold">What it is</h2>
          <GrantFacts grant={grant} />
        </Card>
        <Delegations grant={grant} may={may} />
        {connectId === undefined ? null : <Connecting connectId={connectId} url={undefined} />}
      </div>
      <Life grantId={grant.grant_id} />
    </Page>
  );
}

function GrantFacts({ grant }: { readonly grant: GrantRow }) {
  const { provider, kind, principal, scopes, secret_id, created_at, updated_at } = grant;
  const { expires_at, revoked_at } = grant;
  return (
    <Facts>
      <Fact name="Provider">{provider}</Fact>
      <Fact name="Opened by">{KIND_OF_GRANT[kind]}</Fact>
      <Fact name="On behalf of">
        <PersonLink id={principal.id}>{principal.email ?? principal.id}</PersonLink>
        {principal.type === 'user' ? '' : ` (${principal.type})`}
      </Fact>
      <Fact name="Scopes">{scopes.length === 0 ? 'not limited' : scopes.join(', ')}</Fact>
      <Fact name="Secret" mono>
        {secret_id}
      </Fact>
      <Fact name="Since">
        <Time at={created_at} as="short" />
      </Fact>
      <Fact name="Changed">
        {updated_at === created_at ? undefined : <Time at={updated_at} as="short" />}
      </Fact>
      <Fact name="Expires">{expires_at ? <Time at={expires_at} as="short" /> : undefined}</Fact>
      <Fact name="Revoked">{revoked_at ? <Time at={revoked_at} as="short" /> : undefined}</Fact>
    </Facts>
  );
}

function Life({ grantId }: { readonly grantId: string }) {
  const list = useList<Entry>('/v1/events', { grant_id: grantId });
  return (
    <Section
      title="Its life"
      about="Every use and every change, the newest first."
      actions={
        <LinkButton to="/trail" search={{ grant_id: grantId }}>
          On the trail
        </LinkButton>
      }
    >
      {list.isPending ? <Loading /> : null}
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && list.rows.length === 0 ? (
        <Empty title="Not used yet">
          Agents use it by <code>POST /v1/request</code> with its id.
        </Empty>
      ) : null}
      {list.rows.length > 0 ? <EntryList label="Entries of the grant" entries={list.rows} /> : null}
      {list.hasNextPage ? (
        <div className="mt-3 flex justify-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
      <p className="mt-3 text-ink-2">
        <TrailLink filter={{ grant_id: grantId, policy_decision: 'DENY' }}>
          What was refused with it
        </TrailLink>
      </p>
    </Section>
  );
}
