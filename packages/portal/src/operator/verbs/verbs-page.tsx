import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function VerbsPage() {
  return (
    <Page title="Verbs">
      <Empty title="Not here yet" />
    </Page>
  );
}
