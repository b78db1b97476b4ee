import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function PeoplePage() {
  return (
    <Page title="People">
      <Empty title="Not here yet" />
    </Page>
  );
}
