import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function TrailPage() {
  return (
    <Page title="Trail">
      <Empty title="Not here yet" />
    </Page>
  );
}
