import { useParams } from '@tanstack/react-router';
import { BellOff, BellRing, Pencil } from 'lucide-react';
import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useGet } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { DeleteButton } from '../delete-button.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { AlarmHistory, AlarmsNow } from './alarms.tsx';
import { MonitorForm } from './monitor-form.tsx';
import { isLevel, ruleInWords, severityTone, type Monitor } from './monitor.ts';
import { MonitorSetup } from './monitor-setup.tsx';
import { MonitorState } from './monitor-state.tsx';
import { MonitorPreview } from './monitor-preview.tsx';

const PATH = '/v1/monitors';
const AGAIN_MS = 5000;

export function MonitorPage() {
  const { monitorId = '' } = useParams({ strict: false });
  const path = `${PATH}/${encodeURIComponent(monitorId)}`;
  const answer = useGet<Monitor>(path, {}, { refetchInterval: AGAIN_MS });
  const { data } = answer;
  return (
    <Page
      title={data?.name ?? 'Monitor'}
      about={data ? ruleInWords(data) : null}
      actions={data ? <Actions of={data} /> : null}
    >
      <Answer of={answer}>
        {(monitor) => (
          <>
            <p className="mb-4 flex items-center gap-2">
              <MonitorState of={monitor} />
              <Badge tone={severityTone(monitor.severity)}>{monitor.severity}</Badge>
            </p>
            <Parts of={monitor} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Actions({ of }: { readonly of: Monitor }) {
  const { monitor_id, name, enabled } = of;
  const [isEditing, setIsEditing] = useState(false);
  const path = `${PATH}/${monitor_id}`;
  const turn = useChange<void>({
    mutationFn: () => call('PATCH', path, { body: { enabled: !enabled } }),
    changes: [PATH],
    done: enabled ? 'It does not watch any more.' : 'It watches again, from now on.',
  });
  if (!useMayChange()) return null;
  return (
    <>
      <Button busy={turn.isPending} onClick={() => turn.mutate()}>
        {enabled ? <BellOff /> : <BellRing />} {enabled ? 'Turn off' : 'Turn on'}
      </Button>
      <Button onClick={() => setIsEditing(true)}>
        <Pencil /> Change
      </Button>
      <DeleteButton
        what="monitor"
        remove={() => call('DELETE', path)}
        list="/monitors"
        changes={[PATH]}
      >
        The alarms of “{name}” end, and it is watched for no more. What it has raised stays on the
        trail.
      </DeleteButton>
      {isEditing ? <MonitorForm old={of} onClose={() => setIsEditing(false)} /> : null}
    </>
  );
}

function Parts({ of }: { readonly of: Monitor }) {
  const [tab = 'alarms', setTab] = useParam('tab');
  const preview = {
    value: 'preview',
    label: 'Try on the past',
    content: <MonitorPreview of={of} />,
  };
  return (
    <Tabs
      value={tab}
      onChange={setTab}
      tabs={[
        {
          value: 'alarms',
          label: 'Alarms',
          content: (
            <>
              <AlarmsNow of={of} />
              <AlarmHistory of={of} />
            </>
          ),
        },
        ...(isLevel(of.kind) ? [] : [preview]),
        { value: 'setup', label: 'Setup', content: <MonitorSetup of={of} /> },
      ]}
    />
  );
}
