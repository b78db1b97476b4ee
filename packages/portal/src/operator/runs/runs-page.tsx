import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function RunsPage() {
  return (
    <Page title="Runs">
      <Empty title="Not here yet" />
    </Page>
  );
}
