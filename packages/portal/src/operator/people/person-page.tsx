import { plain } from '@affidavit/schema/plain';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useGet } from '../../shared/api/queries.ts';
import type { Page as PageOf } from '../../shared/api/types.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useParam } from '../use-param.ts';
import { Activity } from './activity.tsx';
import { PersonErasures } from './erasures.tsx';
import { PersonGrants } from './person-grants.tsx';
import type { PersonRow } from './people-list.tsx';
import { WalletLink } from './wallet-link.tsx';

/** One person: what their data was used for, by whom, with which grants, and what they can ask for. */
export function PersonPage() {
  const { principalId = '' } = useParams({ strict: false });
  const [tab = 'activity', setTab] = useParam('tab');
  const found = useGet<PageOf<PersonRow>>('/v1/principals', { user: principalId, limit: '20' });
  const names = found.data?.data ?? [];
  const own = names.find(({ principal_id }) => principal_id === principalId) ?? names[0];
  return (
    <Page
      title={plain(principalId)}
      about={names.length > 0 ? <About principalId={principalId} names={names} /> : null}
      actions={
        <>
          <LinkButton to="/reports" search={{ kind: 'gdpr', user: principalId }}>
            Report on this person
          </LinkButton>
          {own ? (
            <WalletLink principalId={own.principal_id} principalType={own.principal_type} />
          ) : null}
        </>
      }
    >
      <Tabs tabs={tabsOf(principalId, tab)} value={tab} onChange={setTab} />
    </Page>
  );
}

interface AboutProps {
  readonly principalId: string;
  readonly names: readonly PersonRow[];
}

/** One person may be known by an id and an address. */
function About({ principalId, names }: AboutProps) {
  const all = names.flatMap(({ principal_id, principal_email }) => [principal_id, principal_email]);
  const others = [...new Set(all)].filter((name) => name !== undefined && name !== principalId);
  const last = names[0]?.last_at;
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {others.length > 0 ? (
        <span className="inline-flex flex-wrap items-center gap-x-2">
          also known as{' '}
          {others.map((name) => (
            <Id key={name} value={plain(name)} />
          ))}
        </span>
      ) : null}
      {last === undefined ? null : (
        <span>
          last <Time at={last} />
        </span>
      )}
    </span>
  );
}

/** Only what is looked at asks the API. */
function tabsOf(principalId: string, open: string) {
  const tab = (value: string, label: string, content: () => ReactNode) => ({
    value,
    label,
    content: value === open ? content() : null,
  });
  return [
    tab('activity', 'Activity', () => <Activity principalId={principalId} />),
    tab('grants', 'Grants', () => <PersonGrants principalId={principalId} />),
    tab('erasure', 'Erasure and holds', () => <PersonErasures principalId={principalId} />),
  ];
}
