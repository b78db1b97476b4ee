import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function DestinationsPage() {
  return (
    <Page title="Destinations">
      <Empty title="Not here yet" />
    </Page>
  );
}
