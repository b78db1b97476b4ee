import { useNavigate } from '@tanstack/react-router';

import { Page } from '../../shared/ui/page.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { useParam } from '../use-param.ts';
import { ConnectTab } from './connect-tab.tsx';
import { GrantsTab } from './grants-tab.tsx';
import { ProvidersTab } from './providers-tab.tsx';
import { SecretsTab } from './secrets-tab.tsx';

/** Who may use which credential for whom, and what that takes: providers, secrets, consent. */
export function GrantsPage() {
  const [tab = 'grants'] = useParam('tab');
  const navigate = useNavigate();
  return (
    <Page
      title="Grants"
      about="A grant lets agents use one credential on behalf of one person. Agents never see the credential."
    >
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ to: '/grants', search: next === 'grants' ? {} : { tab: next } })
        }
        tabs={[
          { value: 'grants', label: 'Grants', content: <GrantsTab /> },
          { value: 'providers', label: 'Providers', content: <ProvidersTab /> },
          { value: 'secrets', label: 'Secrets', content: <SecretsTab /> },
          { value: 'connect', label: 'Connect', content: <ConnectTab /> },
        ]}
      />
    </Page>
  );
}
