import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function ApprovalsPage() {
  return (
    <Page title="Approvals">
      <Empty title="Not here yet" />
    </Page>
  );
}
