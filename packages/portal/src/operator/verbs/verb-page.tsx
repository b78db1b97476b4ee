import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function VerbPage() {
  return (
    <Page title="Verb">
      <Empty title="Not here yet" />
    </Page>
  );
}
