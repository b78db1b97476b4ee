import type { AuditRecord } from '@affidavit/schema';

/** What a run is like: the properties by which it is compared with earlier ones. */

export const DIMENSIONS = ['provider', 'operation', 'scope', 'grant', 'network', 'hours'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Segments of a path that stand for one thing among many: numbers, long or hexadecimal ids. */
const IDENTIFIER = /^(\d+|[0-9a-f]{8,}|[0-9a-f-]{32,}|.*\d.*\d.*\d.*|[^/]{33,}|[^@/]+@[^@/]+)$/i;
const SEGMENTS_MAX = 12;
const HOURS = 4;

/** `GET /charts/{id}`: what is called, without whose it is. */
function templateOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? '/';
  const segments = path.split('/').slice(0, SEGMENTS_MAX + 1);
  return segments.map((segment) => (IDENTIFIER.test(segment) ? '{id}' : segment)).join('/');
}

function operationOf({ verb, method, url, provider }: AuditRecord): string | undefined {
  if (verb !== undefined) return verb;
  if (method === undefined || url === undefined) return undefined;
  return `${provider ?? ''} ${method} ${templateOf(url)}`.trim();
}

/** The /24 of IPv4, the /48 of IPv6. */
function networkOf(ip: string | undefined): string | undefined {
  if (ip === undefined) return undefined;
  const four = /(\d+\.\d+\.\d+)\.\d+$/.exec(ip)?.[1];
  return four === undefined ? `${ip.split(':').slice(0, 3).join(':')}::/48` : `${four}.0/24`;
}

/** `08-12`, UTC. */
function hoursOf(created_at: string): string {
  const start = Math.floor(Number(created_at.slice(11, 13)) / HOURS) * HOURS;
  const text = (hour: number) => String(hour).padStart(2, '0');
  return `${text(start)}-${text(start + HOURS)}`;
}

/** All properties of an entry, as `[dimension, value]`. */
export function featuresOf(record: AuditRecord): (readonly [Dimension, string])[] {
  const { provider, scope_requested, grant_id, source_ip, created_at } = record;
  const one = (dimension: Dimension, value: string | undefined) =>
    value === undefined ? [] : [[dimension, value] as const];
  return [
    ...one('provider', provider),
    ...one('operation', operationOf(record)),
    ...(scope_requested ?? []).flatMap((scope) => one('scope', scope)),
    ...one('grant', grant_id),
    ...one('network', networkOf(source_ip)),
    ...one('hours', hoursOf(created_at)),
  ];
}

const CALLS: ReadonlySet<string> = new Set(['api.called', 'action.executed']);
const REFUSED: ReadonlySet<unknown> = new Set(['policy_denied', 'blocked']);

/** How much a run did. */
export const MEASURES = ['calls', 'refused'] as const;
export type Measure = (typeof MEASURES)[number];

export function measureOf({ event_type, outcome }: AuditRecord): Measure | undefined {
  if (REFUSED.has(outcome)) return 'refused';
  return CALLS.has(event_type) ? 'calls' : undefined;
}
