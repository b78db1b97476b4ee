import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function DestinationPage() {
  return (
    <Page title="Destination">
      <Empty title="Not here yet" />
    </Page>
  );
}
