/** What a policy can look at: the attributes of `context`, of the grant, and their schema. */
import type { StatefulCall } from './cedar.ts';
import { sourceAddress } from './address.ts';
import { localTime } from './local-time.ts';
import { callAddress, callHost } from './path.ts';
import type { CallPath } from './path.ts';
import type { DecisionInput, Json } from './types.ts';

type CedarContext = StatefulCall['context'];
type CedarValue = CedarContext[string];

/** A call being decided, with what was worked out about it once. */
export interface CallFacts {
  readonly input: DecisionInput;
  readonly path: CallPath;
  /** The time zones that the policies in play use. */
  readonly zones: readonly string[];
}

interface Attribute {
  /** Type in the Cedar schema. */
  readonly type: string;
  readonly optional?: boolean;
  /** The value for Cedar; undefined leaves the attribute out. */
  readonly value: (facts: CallFacts) => CedarValue | undefined;
}

const text = (pick: (input: DecisionInput) => string | undefined): Attribute => ({
  type: 'String',
  optional: true,
  value: ({ input }) => pick(input),
});

function localTimes({ input, zones }: CallFacts): CedarValue {
  const times: Record<string, CedarValue> = {};
  for (const zone of zones) times[zone] = { ...localTime(zone, input.now) };
  return times;
}

/** Whole seconds, rounded up, so that a grant a moment too old is too old. */
export function grantAgeSeconds({ grant, now }: DecisionInput): number {
  const age_ms = now.getTime() - Date.parse(grant.created_at);
  return Number.isNaN(age_ms) ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.ceil(age_ms / 1000));
}

/** The scopes that a call has: those it asked for, or all that its grant names. */
export function scopesUsed({ request, grant }: DecisionInput): readonly string[] {
  return request.scopes.length > 0 ? request.scopes : grant.scopes;
}

function sourceIp({ input }: CallFacts): CedarValue | undefined {
  const address = sourceAddress(input.request.source_ip);
  return address === undefined ? undefined : { __extn: { fn: 'ip', arg: address } };
}

/** Name, type and value of every attribute of `context`, defined together. */
export const CONTEXT_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['method', { type: 'String', value: ({ input }) => input.request.method.toUpperCase() }],
  [
    'url',
    {
      type: 'String',
      value: ({ input, path }) => callAddress(input.request.url, path),
    },
  ],
  ['host', { type: 'String', value: ({ input }) => callHost(input.request.url) }],
  ['path', { type: 'String', value: ({ path }) => path.path }],
  ['source_ip', { type: 'ipaddr', optional: true, value: sourceIp }],
  [
    'now',
    {
      type: 'datetime',
      value: ({ input }) => ({ __extn: { fn: 'datetime', arg: input.now.toISOString() } }),
    },
  ],
  ['local', { type: 'Local', value: localTimes }],
  ['grant_age_seconds', { type: 'Long', value: ({ input }) => grantAgeSeconds(input) }],
  ['scopes', { type: 'Set<String>', value: ({ input }) => [...input.request.scopes] }],
  ['scopes_used', { type: 'Set<String>', value: ({ input }) => [...scopesUsed(input)] }],
  ['caller', text(({ request }) => request.caller)],
  ['run_id', text(({ request }) => request.run_id)],
  ['task_context', text(({ request }) => request.task_context)],
  ['tenant_id', text(({ request }) => request.tenant_id)],
  ['reason', text(({ request }) => request.reason)],
  ['verb', text(({ request }) => request.verb)],
  ['risk_level', text(({ request }) => request.risk_level)],
]);

/** The context for Cedar, holding only what the policies in play read. */
export function cedarContext(facts: CallFacts, reads: ReadonlySet<string>): CedarContext {
  const context: CedarContext = {};
  for (const name of reads) {
    const value = CONTEXT_ATTRIBUTES.get(name)?.value(facts);
    if (value !== undefined) context[name] = value;
  }
  return context;
}

/** The same values for a person and for the record: addresses and times as plain text. */
export function comparedValues(facts: CallFacts, reads: ReadonlySet<string>): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const [name, value] of Object.entries(cedarContext(facts, reads))) {
    const extension = value as { __extn?: { arg: Json } };
    values[name] = extension.__extn === undefined ? (value as Json) : extension.__extn.arg;
  }
  return values;
}

/** The call as Cedar takes it. */
export function cedarCall(facts: CallFacts, reads: ReadonlySet<string>): StatefulCall {
  const { actor, grant } = facts.input;
  const resource = { type: 'Grant', id: grant.grant_id };
  const { type: principal_type, id: principal_id } = grant.principal;
  return {
    principal: { type: actor.type === 'agent' ? 'Agent' : 'Service', id: actor.id },
    action: { type: 'Action', id: 'call' },
    resource,
    context: cedarContext(facts, reads),
    entities: [
      {
        uid: resource,
        attrs: { kind: grant.kind, principal_type, principal_id },
        parents: [{ type: 'Provider', id: grant.provider }],
      },
    ],
  };
}

/**
 * The Cedar schema with the time zones a policy uses. All 418 zones in one schema cost 19 ms a
 * parse; the few that a text names cost 1 ms, and can be required, so that a policy needs no
 * `has` test and a zone that does not exist is an error when the policy is saved.
 */
export function cedarSchema(zones: readonly string[]): string {
  const attributes = [...CONTEXT_ATTRIBUTES].map(
    ([name, { type, optional }]) => `${name}${optional ? '?' : ''}: ${type}`,
  );
  const local = zones.map((zone) => `${JSON.stringify(zone)}: LocalTime`);
  return `
    entity Agent;
    entity Service;
    entity Provider;
    entity Grant in [Provider] { kind: String, principal_type: String, principal_id: String };
    type LocalTime = { weekday: String, minute: Long };
    type Local = { ${local.join(', ')} };
    action "call" appliesTo {
      principal: [Agent, Service], resource: [Grant], context: { ${attributes.join(', ')} }
    };`;
}
