import { Send } from 'lucide-react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { duration } from '../../shared/format/time.ts';
import { Button } from '../../shared/ui/button.tsx';
import { TrailLink } from '../links.tsx';
import type { TestAnswer } from './destination.ts';

/** Sends one marked entry; what the receiver said is `TestResult`. */
export function useTestDelivery(destinationId: string) {
  return useChange<void, TestAnswer>({
    mutationFn: () => post(`/v1/destinations/${destinationId}/test`),
    changes: ['/v1/destinations'],
  });
}

interface TestProps {
  readonly test: ReturnType<typeof useTestDelivery>;
}

export function TestButton({ test }: TestProps) {
  return (
    <Button busy={test.isPending} onClick={() => test.mutate()}>
      <Send /> Send a test
    </Button>
  );
}

export function TestResult({ test }: TestProps) {
  const answer = test.data;
  if (!answer) return null;
  const { delivered, status, latency_ms, error, event_id } = answer;
  const said = [status === null ? null : `status ${status}`, duration(latency_ms)];
  return (
    <div
      role="status"
      className={`rounded-md px-3 py-2 ${delivered ? 'bg-good-soft text-good' : 'bg-failed-soft text-failed'}`}
    >
      <p className="font-medium">
        {delivered ? 'The test was accepted' : `The test was not accepted: ${error ?? 'no reason'}`}{' '}
        ({said.filter(Boolean).join(', ')})
      </p>
      {answer.answer ? <p className="mt-1 font-mono text-xs break-words">{answer.answer}</p> : null}
      <p className="mt-1 text-xs">
        It was sent as{' '}
        <TrailLink filter={{ event: event_id }} className="underline">
          one marked entry
        </TrailLink>
        .
      </p>
    </div>
  );
}
