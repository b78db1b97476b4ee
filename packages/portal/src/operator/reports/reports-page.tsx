import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function ReportsPage() {
  return (
    <Page title="Reports">
      <Empty title="Not here yet" />
    </Page>
  );
}
