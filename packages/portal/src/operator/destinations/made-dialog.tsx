import { LinkButton } from '../../shared/ui/link-button.tsx';
import { ShownOnce } from '../../shared/ui/copy.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import type { Destination } from './destination.ts';
import { TestButton, TestResult, useTestDelivery } from './test-delivery.tsx';

interface MadeProps {
  readonly made: Destination;
  readonly onClose: () => void;
}

/** After a destination was added: its secret, once, and whether it answers. */
export function MadeDialog({ made, onClose }: MadeProps) {
  const test = useTestDelivery(made.destination_id);
  return (
    <Dialog open onClose={onClose} title={`${made.name} is set up`}>
      <div className="flex flex-col gap-4">
        {made.secret ? (
          <>
            <p>Check the signature of what you get with this secret.</p>
            <ShownOnce value={made.secret} what="secret" />
          </>
        ) : null}
        <p className="text-ink-2">See whether it answers: one marked entry is sent.</p>
        <TestResult test={test} />
        <div className="flex flex-wrap justify-end gap-2">
          <TestButton test={test} />
          <LinkButton
            to="/destinations/$destinationId"
            params={{ destinationId: made.destination_id }}
            look="primary"
          >
            Done
          </LinkButton>
        </div>
      </div>
    </Dialog>
  );
}
