import { useNavigate } from '@tanstack/react-router';

import { useList } from '../../shared/api/queries.ts';
import { Page } from '../../shared/ui/page.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { useParam } from '../use-param.ts';
import { History } from './history.tsx';
import { Queue } from './queue.tsx';
import type { Approval } from './types.ts';

const REFRESH_MS = 5000;

/** What agents asked for and a person decides. */
export function ApprovalsPage() {
  const [tab = 'waiting'] = useParam('tab');
  const navigate = useNavigate();
  const waiting = useList<Approval>(
    '/v1/approvals',
    { status: 'pending', limit: 200 },
    { refetchInterval: REFRESH_MS },
  );
  const count = waiting.rows.length;
  return (
    <Page
      title="Approvals"
      about="What agents asked for and a person decides. What is approved is carried out once, as it is shown here."
    >
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ to: '/approvals', search: next === 'waiting' ? {} : { tab: next } })
        }
        tabs={[
          {
            value: 'waiting',
            label: count === 0 ? 'Waiting' : `Waiting (${count}${waiting.hasNextPage ? '+' : ''})`,
            content: <Queue list={waiting} />,
          },
          { value: 'history', label: 'History', content: <History /> },
        ]}
      />
    </Page>
  );
}
