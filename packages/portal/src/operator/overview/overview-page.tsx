import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function OverviewPage() {
  return (
    <Page title="Overview">
      <Empty title="Not here yet" />
    </Page>
  );
}
