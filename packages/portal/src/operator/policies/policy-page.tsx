import { Page } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';

export function PolicyPage() {
  return (
    <Page title="Policy">
      <Empty title="Not here yet" />
    </Page>
  );
}
