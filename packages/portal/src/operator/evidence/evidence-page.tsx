import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function EvidencePage() {
  return (
    <Page title="Evidence">
      <Empty title="Not here yet" />
    </Page>
  );
}
