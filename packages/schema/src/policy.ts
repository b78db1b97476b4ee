/**
 * What a policy body may say (DESIGN section 6, `POST /v1/policies`): the templates, and where
 * they apply. All of it is input that whoever may write policies controls.
 */
import { z } from 'zod';

import { LIMITS } from './limits.ts';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const POLICY_LIMITS = {
  nameCharacters: 200,
  cidrs: 200,
  methods: 16,
  paths: 100,
  pathCharacters: 512,
  /** Ten years. */
  seconds: 315_360_000,
  /** Calls that one counter of a rate can hold. */
  rate: 10_000,
  /** Thirty days. */
  approvalSeconds: 2_592_000,
  /** Of the Cedar text in UTF-8. */
  cedarBytes: 65_536,
  /** Statements in one Cedar text. */
  cedarStatements: 100,
} as const;

const ZONE_PATTERN = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,3}$/;
const ZONE_CHARACTERS = 64;

/** Whether a text is the name of an IANA time zone this runtime knows (not an offset). */
export function isTimeZone(name: string): boolean {
  if (name.length > ZONE_CHARACTERS || !ZONE_PATTERN.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

const nonEmptySet = <T extends z.ZodType>(member: T, limit: number) =>
  z.array(member).min(1).max(limit);

/**
 * Calls are allowed from `from` (inclusive) to `to` (exclusive), wall-clock time in `time_zone`.
 * With `to` before `from` the window passes midnight and belongs to the day it starts on.
 */
export const TimeWindowTemplate = z
  .strictObject({
    kind: z.literal('time_window'),
    days: nonEmptySet(z.enum(WEEKDAYS), WEEKDAYS.length),
    from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 09:00'),
    to: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time such as 18:00'),
    time_zone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
  })
  .refine((window) => window.from !== window.to, {
    path: ['to'],
    message: 'must differ from `from`; a whole day is 00:00 to 24:00',
  });

/** Calls are allowed from these networks only; an unknown source address is refused. */
export const IpAllowlistTemplate = z.strictObject({
  kind: z.literal('ip_allowlist'),
  cidrs: nonEmptySet(z.string().min(2).max(64), POLICY_LIMITS.cidrs),
});

/**
 * Only these methods and only these paths are allowed; what is left out is not limited. In a
 * path `*` stands for any characters, `/` included.
 */
export const MethodsTemplate = z
  .strictObject({
    kind: z.literal('methods'),
    methods: nonEmptySet(
      z.string().regex(/^[A-Za-z]{1,16}$/, 'must be an HTTP method such as GET'),
      POLICY_LIMITS.methods,
    ).optional(),
    paths: nonEmptySet(
      z.string().max(POLICY_LIMITS.pathCharacters).regex(/^[/*]/, 'must start with / (or *)'),
      POLICY_LIMITS.paths,
    ).optional(),
  })
  .refine((template) => template.methods !== undefined || template.paths !== undefined, {
    path: ['methods'],
    message: 'must be given, or paths, or both',
  });

/** A grant older than `seconds` is refused. */
export const TtlTemplate = z.strictObject({
  kind: z.literal('ttl'),
  seconds: z.int().min(1).max(POLICY_LIMITS.seconds),
});

/** What calls are counted by, each apart; without it all that a policy applies to count together. */
export const RATE_COUNTERS = ['agent', 'grant', 'principal'] as const;

/**
 * At most `limit` calls in any `window_seconds`: a sliding window, counted exactly, over all
 * processes. A call counts when its intent is on the record.
 */
export const RateTemplate = z.strictObject({
  kind: z.literal('rate'),
  limit: z.int().min(1).max(POLICY_LIMITS.rate),
  window_seconds: z.int().min(1).max(POLICY_LIMITS.seconds),
  per: z.enum(RATE_COUNTERS).optional(),
});

/** A person has to approve, within `expires_in_seconds` (a day unless given). */
export const ApprovalTemplate = z.strictObject({
  kind: z.literal('approval'),
  expires_in_seconds: z.int().min(1).max(POLICY_LIMITS.approvalSeconds).optional(),
});

/** Only these scopes may be used. A call has those it asks for, or all that its grant names. */
export const ScopesTemplate = z.strictObject({
  kind: z.literal('scopes'),
  scopes: nonEmptySet(z.string().min(1).max(LIMITS.idCharacters), LIMITS.listItems),
});

export const PolicyTemplate = z.discriminatedUnion('kind', [
  TimeWindowTemplate,
  IpAllowlistTemplate,
  MethodsTemplate,
  TtlTemplate,
  RateTemplate,
  ApprovalTemplate,
  ScopesTemplate,
]);
export type PolicyTemplate = z.infer<typeof PolicyTemplate>;

const idWith = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[A-Za-z0-9_-]{1,64}$`), `must be an id ${prefix}…`);

/** Where a template holds; what is left out is not limited. */
export const PolicyAppliesTo = z.strictObject({
  provider: z.string().min(1).max(128).optional(),
  grant_id: idWith('grt_').optional(),
  agent_id: idWith('agt_').optional(),
});
export type PolicyAppliesTo = z.infer<typeof PolicyAppliesTo>;
