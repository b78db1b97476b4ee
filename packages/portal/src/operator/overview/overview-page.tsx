import { useGet } from '../../shared/api/queries.ts';
import type { Entry, Page as PageOf } from '../../shared/api/types.ts';
import { Page } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { RangePicker } from '../range/range-picker.tsx';
import { useMayChange } from '../session.ts';
import { Attention } from './attention.tsx';
import { Breakdown } from './breakdown.tsx';
import { FirstSteps } from './first-steps.tsx';
import { OverTime } from './over-time.tsx';

const PRESET = '24h';
const FIRST_CALL_MS = 3000;
const ONE = { limit: '1' };

/** The state of things in one look; before the first call, the way to it. */
export function OverviewPage() {
  const executions = useGet<PageOf<Entry>>('/v1/executions', ONE, {
    refetchInterval: (page) => (page?.data.length ? false : FIRST_CALL_MS),
  });
  return (
    <Answer of={executions}>{({ data }) => (data.length === 0 ? <Beginning /> : <State />)}</Answer>
  );
}

function Beginning() {
  const mayBegin = useMayChange();
  const about = mayBegin
    ? 'Nothing is on the trail yet but what you set up. Four steps to the first call of an agent.'
    : 'No agent has made a call yet.';
  return (
    <Page title="Welcome to Affidavit" about={about}>
      {mayBegin ? <FirstSteps /> : null}
    </Page>
  );
}

function State() {
  return (
    <Page title="Overview" actions={<RangePicker preset={PRESET} />}>
      <Attention />
      <OverTime preset={PRESET} />
      <Breakdown preset={PRESET} />
    </Page>
  );
}
