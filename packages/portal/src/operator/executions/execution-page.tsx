import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function ExecutionPage() {
  return (
    <Page title="Execution">
      <Empty title="Not here yet" />
    </Page>
  );
}
