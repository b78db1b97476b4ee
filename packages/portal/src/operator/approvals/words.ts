import { inWords, type Tone } from '../../shared/ui/badge.tsx';
import type { Approval, Status } from './types.ts';

/** Approvals in words. */

const STATUS: Readonly<Record<Status, { readonly word: string; readonly tone: Tone }>> = {
  pending: { word: 'waiting', tone: 'open' },
  approved: { word: 'approved, about to be carried out', tone: 'open' },
  running: { word: 'under way', tone: 'open' },
  rejected: { word: 'rejected', tone: 'refused' },
  expired: { word: 'expired', tone: 'neutral' },
  done: { word: 'carried out', tone: 'good' },
  failed: { word: 'failed', tone: 'failed' },
};

/** How it stands; what was carried out is told by its outcome. */
export function standing({ status, outcome }: Approval): {
  readonly word: string;
  readonly tone: Tone;
} {
  const isFault = status === 'done' && outcome !== undefined && outcome !== 'success';
  return isFault ? { word: `carried out: ${inWords(outcome)}`, tone: 'failed' } : STATUS[status];
}

/** States that can be filtered by. */
export const STATES = Object.entries(STATUS).map(([value, { word }]) => ({ value, label: word }));

export const whoOf = ({ request }: Approval): string =>
  request?.agent_name ??
  request?.agent_id ??
  request?.actor_name ??
  request?.actor_id ??
  'Somebody';

export const forWhom = ({ request }: Approval): string =>
  request?.principal_email ?? request?.principal_id ?? '';

/** `calendar:cancel_meeting`, or `POST bank /v1/payments`. */
export function whatOf({ request }: Approval): string {
  if (request === undefined) return 'something that was erased';
  if (request.verb !== undefined) return request.verb;
  const path = URL.parse(request.url ?? '')?.pathname ?? '';
  return [request.method, request.provider, path].filter(Boolean).join(' ');
}
