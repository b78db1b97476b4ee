import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function GrantsPage() {
  return (
    <Page title="Grants">
      <Empty title="Not here yet" />
    </Page>
  );
}
