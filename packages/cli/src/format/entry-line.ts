import type { Told } from '@affidavit/schema';

import { clip, plain, shortId } from './plain.ts';
import type { Style } from './style.ts';

/** An entry on one line, for `tail` and `query`. */

const OUTCOME_PAINT: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  success: 'green',
  dry_run: 'green',
  replayed: 'green',
  policy_denied: 'yellow',
  blocked: 'yellow',
  provider_error: 'red',
  network_error: 'red',
  error: 'red',
  unknown: 'yellow',
};

export function paintOutcome(outcome: string | undefined, style: Style, shown = outcome): string {
  if (outcome === undefined || shown === undefined) return '';
  const colour = OUTCOME_PAINT[outcome];
  return colour ? style[colour](shown) : shown;
}

/** What the entry is about, in the fewest words. */
export function subjectOf(entry: Told): string {
  const parts = [entry.verb, entry.verb === undefined ? entry.provider : undefined];
  const call = entry.url === undefined ? [] : [entry.method, entry.url];
  return [...parts, ...call].map(plain).filter(Boolean).join(' ');
}

export const actorOf = ({ agent_name, actor_name, actor_id, caller }: Told): string =>
  plain(agent_name ?? actor_name) || shortId(plain(actor_id)) || plain(caller);

export const principalOf = (entry: Told): string =>
  plain(entry.principal_email ?? entry.principal_id);

/** `#12 09:14:03.120 api.called research-agent for alice@… mail GET https://… 200 success`. */
export function entryLine(entry: Told, style: Style): string {
  const principal = principalOf(entry);
  const pieces = [
    style.dim(`#${plain(entry.seq)}`),
    style.dim(plain(entry.created_at).slice(11, 23)),
    style.bold(plain(entry.event_type)),
    style.cyan(actorOf(entry)),
    principal && `for ${principal}`,
    clip(subjectOf(entry), 100),
    plain(entry.response_status),
    paintOutcome(entry.outcome, style),
    entry.reason === undefined ? '' : style.dim(`“${clip(plain(entry.reason), 80)}”`),
  ];
  return pieces.filter(Boolean).join(' ');
}
