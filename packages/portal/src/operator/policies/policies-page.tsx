import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function PoliciesPage() {
  return (
    <Page title="Policies">
      <Empty title="Not here yet" />
    </Page>
  );
}
