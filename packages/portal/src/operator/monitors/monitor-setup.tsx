import { Link } from '@tanstack/react-router';

import { count } from '../../shared/format/number.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { filterInWords } from '../conditions/conditions.ts';
import { IN_TEXT } from '../links.tsx';
import { KIND_NAMES, windowInWords, type Monitor } from './monitor.ts';

export function MonitorSetup({ of }: { readonly of: Monitor }) {
  const { schedule } = of;
  return (
    <Section title="Setup">
      <Card>
        <Facts>
          <Fact name="Id">
            <Id value={of.monitor_id} />
          </Fact>
          <Fact name="Watches for">{KIND_NAMES[of.kind]}</Fact>
          <Fact name="Only entries where">{filterInWords(of.filter)}</Fact>
          <Fact name="By each">{of.group_by}</Fact>
          <Fact name="Field">{of.field}</Fact>
          <Fact name="More than">{of.threshold}</Fact>
          <Fact name="Window">{windowInWords(of.window_seconds)}</Fact>
          <Fact name="Hours that are fine">
            {schedule
              ? `${schedule.days.join(', ')}, ${schedule.from} to ${schedule.to}, ${schedule.time_zone}`
              : undefined}
          </Fact>
          <Fact name="Must get the alarms">
            {of.notify.length === 0
              ? undefined
              : of.notify.map((destinationId) => (
                  <Link
                    key={destinationId}
                    to="/destinations/$destinationId"
                    params={{ destinationId }}
                    className={`block ${IN_TEXT}`}
                  >
                    {destinationId}
                  </Link>
                ))}
          </Fact>
          <Fact name="Has yet to look at">
            {of.lag_entries === 0 ? 'nothing' : `${count(of.lag_entries)} entries`}
          </Fact>
          <Fact name="Added">
            <Time at={of.created_at} as="short" />
          </Fact>
          <Fact name="Changed">
            <Time at={of.updated_at} as="short" />
          </Fact>
        </Facts>
      </Card>
    </Section>
  );
}
