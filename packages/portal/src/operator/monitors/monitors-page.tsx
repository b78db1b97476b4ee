import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function MonitorsPage() {
  return (
    <Page title="Monitors">
      <Empty title="Not here yet" />
    </Page>
  );
}
