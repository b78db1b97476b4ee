import { z } from 'zod';

import { LIMITS } from './limits.ts';

/** Bodies of `/v1/destinations`: where entries are delivered to, and how. */

const text = (max: number) => z.string().min(1).max(max);
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'a single line');
const name = () => z.string().trim().min(1).max(128);
const appId = { app_id: text(LIMITS.idCharacters).optional() };
/** Credentials travel in headers and are compared with answers: long enough to be found there. */
const secret = () => line(4096).min(4);

const address = () =>
  z
    .string()
    .max(LIMITS.urlCharacters)
    .refine((value) => isAddress(value), {
      error: 'an http(s) address without user or fragment',
    });

function isAddress(value: string): boolean {
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.username === '' && url.password === '' && url.hash === '';
}

/** A key of Standard Webhooks: 24 to 64 bytes in base64, mostly behind `whsec_`. */
const webhookSecret = () =>
  z.string().refine((value) => isWebhookSecret(value), {
    error: 'whsec_ and 24 to 64 bytes in base64',
  });

function isWebhookSecret(value: string): boolean {
  const encoded = value.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return false;
  const bytes = Math.floor((encoded.replace(/=+$/, '').length * 3) / 4);
  return bytes >= 24 && bytes <= 64;
}

/** What entries look like when they arrive. */
const mapping = () => z.enum(['native', 'ecs', 'ocsf']).optional();

export const DESTINATION_CONFIGS = {
  webhook: z.strictObject({
    url: address(),
    mapping: mapping(),
    /** Made where it is left out, and shown once. */
    secret: webhookSecret().optional(),
  }),
  splunk_hec: z.strictObject({
    url: address(),
    token: secret(),
    index: line(256).optional(),
    sourcetype: line(256).optional(),
    source: line(256).optional(),
    /** Whether a batch counts as accepted only when the indexer has acknowledged it. */
    ack: z.boolean().optional(),
    compression: z.enum(['gzip', 'none']).optional(),
    mapping: mapping(),
  }),
  datadog: z
    .strictObject({
      api_key: secret(),
      site: z
        .string()
        .max(253)
        .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a site such as datadoghq.eu')
        .optional(),
      url: address().optional(),
      source: line(256).optional(),
      service: line(256).optional(),
      tags: z.union([line(4096), z.array(line(256)).max(LIMITS.listItems)]).optional(),
    })
    .refine((config) => config.site === undefined || config.url === undefined, {
      error: 'site or url, not both',
    }),
  s3: z
    .strictObject({
      /** Of a store that speaks S3; Amazon's own unless given. */
      endpoint: address().optional(),
      bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
      prefix: z
        .string()
        .max(512)
        .regex(/^[\w!.*'()/=-]*$/, 'a key')
        .optional(),
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,64}$/)
        .optional(),
      access_key_id: line(256),
      secret_access_key: secret(),
      format: z.enum(['ndjson', 'parquet']).optional(),
      mapping: mapping(),
    })
    .refine(({ format, mapping: shape = 'native' }) => format !== 'parquet' || shape === 'native', {
      error: 'a mapping goes with ndjson',
    }),
  otlp: z.strictObject({
    url: address(),
    headers: z
      .record(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/), line(4096))
      .refine((headers) => Object.keys(headers).length <= 20, { error: 'at most 20 headers' })
      .optional(),
  }),
  syslog: z.strictObject({
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'a host name or an address'),
    port: z.int().min(1).max(65_535).default(6514),
    tls: z.boolean().default(true),
    /** Certificates of who signed the receiver's, PEM; those of the system unless given. */
    ca: z.string().max(65_536).optional(),
    mapping: mapping(),
  }),
} as const;

export type DestinationType = keyof typeof DESTINATION_CONFIGS;
export type DestinationConfig<T extends DestinationType> = z.infer<(typeof DESTINATION_CONFIGS)[T]>;

/** Members of a config that are sealed and never shown. */
export const DESTINATION_SECRETS: ReadonlySet<string> = new Set([
  'secret',
  'token',
  'api_key',
  'secret_access_key',
]);

/** How much is sent at once, and how long entries wait to be sent together. */
const Batch = z.strictObject({
  entries: z.int().min(1).max(1000).optional(),
  bytes: z.int().min(1024).max(4_000_000).optional(),
  wait_ms: z.int().min(0).max(60_000).optional(),
  /** Batches under way at once; with more than one they may arrive in another order. */
  in_flight: z.int().min(1).max(8).optional(),
});
export type DestinationBatch = z.infer<typeof Batch>;

/** Names and values of `GET /v1/events`. */
const filter = () =>
  z
    .record(z.string().max(64), z.union([z.string(), z.array(z.string()).max(50)]))
    .refine((value) => Object.keys(value).length <= 32, { error: 'at most 32 conditions' });

const common = {
  name: name().optional(),
  filter: filter().optional(),
  /** Where delivery begins: behind the newest entry, at the oldest, or at a place. */
  start: z.union([z.enum(['now', 'beginning']), z.int().min(0)]).default('now'),
  batch: Batch.optional(),
  ...appId,
};

const ofType = <T extends DestinationType>(type: T) =>
  z.strictObject({ type: z.literal(type), config: DESTINATION_CONFIGS[type], ...common });

export const DestinationBody = z.discriminatedUnion('type', [
  ofType('webhook'),
  ofType('splunk_hec'),
  ofType('datadog'),
  ofType('s3'),
  ofType('otlp'),
  ofType('syslog'),
]);
export type DestinationBody = z.infer<typeof DestinationBody>;

export const DestinationPatch = z.strictObject({
  name: name().optional(),
  /** Members to change; null takes an optional one away. */
  config: z.record(z.string().max(64), z.unknown()).optional(),
  filter: filter().optional(),
  batch: Batch.optional(),
  paused: z.boolean().optional(),
  /** How long a webhook is signed with the old secret too, when it gets a new one. */
  overlap_seconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
  ...appId,
});

/** Of a pause or a test. */
export const DestinationReasonBody = z.strictObject({
  reason: text(LIMITS.reasonCharacters).optional(),
  ...appId,
});

export const ReplayBody = z
  .strictObject({
    from_seq: z.int().min(0).optional(),
    /** Inclusive. */
    to_seq: z.int().min(0).optional(),
    dead_letter_id: text(LIMITS.idCharacters).optional(),
    ...appId,
  })
  .refine(
    ({ from_seq, to_seq, dead_letter_id }) =>
      dead_letter_id === undefined
        ? from_seq !== undefined && to_seq !== undefined && from_seq <= to_seq
        : from_seq === undefined && to_seq === undefined,
    { error: 'from_seq and a to_seq not before it, or dead_letter_id' },
  );
