import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function PersonPage() {
  return (
    <Page title="Person">
      <Empty title="Not here yet" />
    </Page>
  );
}
