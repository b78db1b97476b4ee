import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function RunPage() {
  return (
    <Page title="Run">
      <Empty title="Not here yet" />
    </Page>
  );
}
