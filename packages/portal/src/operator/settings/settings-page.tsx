import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function SettingsPage() {
  return (
    <Page title="Settings">
      <Empty title="Not here yet" />
    </Page>
  );
}
