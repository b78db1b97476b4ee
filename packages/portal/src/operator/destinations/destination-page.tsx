import { useParams } from '@tanstack/react-router';
import { Pause, Pencil, Play } from 'lucide-react';
import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useGet } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { DeleteButton } from '../delete-button.tsx';
import { IN_TEXT, TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { Backfills } from './backfills.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { EditDestination } from './destination-form.tsx';
import { stateTone, TYPE_NAMES, type Destination } from './destination.ts';
import { Setup } from './setup.tsx';
import { Standing } from './standing.tsx';
import { TestButton, TestResult, useTestDelivery } from './test-delivery.tsx';

const AGAIN_MS = 5000;

export function DestinationPage() {
  const { destinationId = '' } = useParams({ strict: false });
  const path = `/v1/destinations/${encodeURIComponent(destinationId)}`;
  const answer = useGet<Destination>(path, {}, { refetchInterval: AGAIN_MS });
  const name = answer.data?.name ?? 'Destination';
  const test = useTestDelivery(destinationId);
  return (
    <Page
      title={name}
      about={answer.data ? <About of={answer.data} /> : null}
      actions={answer.data ? <Actions of={answer.data} test={test} /> : null}
    >
      <Answer of={answer}>
        {(one) => (
          <>
            {test.data ? (
              <div className="mb-3">
                <TestResult test={test} />
              </div>
            ) : null}
            <Standing of={one} at={answer.dataUpdatedAt} />
            <Parts of={one} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function About({ of: { state, type } }: { readonly of: Destination }) {
  return (
    <>
      <Badge tone={stateTone(state)}>{state}</Badge> {TYPE_NAMES[type]} ·{' '}
      <TrailLink filter={{ event_type: 'destination.*' }} className={IN_TEXT}>
        What was done with destinations
      </TrailLink>
    </>
  );
}

interface ActionsProps {
  readonly of: Destination;
  readonly test: ReturnType<typeof useTestDelivery>;
}

function Actions({ of, test }: ActionsProps) {
  const { destination_id, name, state } = of;
  const [isEditing, setIsEditing] = useState(false);
  const path = `/v1/destinations/${destination_id}`;
  const isPaused = state === 'paused';
  const pause = useChange<void>({
    mutationFn: () => post(`${path}/${isPaused ? 'resume' : 'pause'}`),
    changes: ['/v1/destinations'],
    done: isPaused ? 'It goes on where it was paused.' : 'Nothing is sent until it is resumed.',
  });
  if (!useMayChange()) return null;
  return (
    <>
      <TestButton test={test} />
      <Button busy={pause.isPending} onClick={() => pause.mutate()}>
        {isPaused ? <Play /> : <Pause />} {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Button onClick={() => setIsEditing(true)}>
        <Pencil /> Change
      </Button>
      <DeleteButton
        what="destination"
        remove={() => call('DELETE', path)}
        list="/destinations"
        changes={['/v1/destinations']}
      >
        Nothing is delivered to “{name}” any more. How far it was and its dead letters are
        forgotten; this cannot be undone. The entries themselves stay on the trail.
      </DeleteButton>
      {isEditing ? <EditDestination old={of} onClose={() => setIsEditing(false)} /> : null}
    </>
  );
}

function Parts({ of }: { readonly of: Destination }) {
  const [tab = 'letters', setTab] = useParam('tab');
  const mayChange = useMayChange();
  const letters = of.dead_letters > 0 ? ` (${count(of.dead_letters)})` : '';
  return (
    <Tabs
      value={tab}
      onChange={setTab}
      tabs={[
        {
          value: 'letters',
          label: `Dead letters${letters}`,
          content: <DeadLetters of={of} mayChange={mayChange} />,
        },
        {
          value: 'replays',
          label: 'Replays',
          content: <Backfills of={of} mayChange={mayChange} />,
        },
        { value: 'setup', label: 'Setup', content: <Setup of={of} /> },
      ]}
    />
  );
}
