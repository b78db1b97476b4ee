import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function MonitorPage() {
  return (
    <Page title="Monitor">
      <Empty title="Not here yet" />
    </Page>
  );
}
