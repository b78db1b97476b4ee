import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function GrantPage() {
  return (
    <Page title="Grant">
      <Empty title="Not here yet" />
    </Page>
  );
}
