import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function ExecutionsPage() {
  return (
    <Page title="Executions">
      <Empty title="Not here yet" />
    </Page>
  );
}
