import { plural } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import type { Monitor } from './monitor.ts';

/** Whether it watches, and whether it has found something. */
export function MonitorState({ of: { enabled, state, alarms } }: { readonly of: Monitor }) {
  if (!enabled) return <Badge>off</Badge>;
  if (state === 'ok') return <Badge tone="good">ok</Badge>;
  return (
    <Badge tone="failed">
      raised{alarms.length > 1 ? `, ${plural(alarms.length, 'alarm')}` : ''}
    </Badge>
  );
}
