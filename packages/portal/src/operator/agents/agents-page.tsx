import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function AgentsPage() {
  return (
    <Page title="Agents">
      <Empty title="Not here yet" />
    </Page>
  );
}
