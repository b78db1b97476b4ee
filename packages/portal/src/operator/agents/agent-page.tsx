import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function AgentPage() {
  return (
    <Page title="Agent">
      <Empty title="Not here yet" />
    </Page>
  );
}
