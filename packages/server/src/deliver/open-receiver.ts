import {
  toEcs,
  toOcsf,
  type AuditRecord,
  type DestinationConfig,
  type DestinationType,
} from '@affidavit/schema';
import { createScrubber, type Egress, type EgressGuard, type Keyring } from '@affidavit/vault';

import type { DestinationsTable } from '../store/tables.ts';
import { openConfig, secretsOf, type SealedConfig } from './config.ts';
import type { HttpPorts } from './http-send.ts';
import type { Deliverable, Receiver } from './receiver.ts';
import { openDatadog } from './receivers/datadog.ts';
import { openOtlp } from './receivers/otlp.ts';
import { openSplunkHec } from './receivers/splunk-hec.ts';
import { openSyslog } from './receivers/syslog.ts';
import { openWebhook } from './receivers/webhook.ts';

export interface ReceiverPorts {
  readonly keyring: Keyring;
  readonly egress: Egress;
  readonly egressGuard: EgressGuard;
  readonly now: () => number;
}

type Opener<T extends DestinationType> = (
  http: HttpPorts & { readonly guard: EgressGuard },
  config: DestinationConfig<T>,
  about: { readonly destination_id: string; readonly sealed: SealedConfig },
) => Receiver | Promise<Receiver>;

const OPENERS: { readonly [T in DestinationType]: Opener<T> } = {
  webhook: (http, config, { destination_id, sealed }) =>
    openWebhook({ ...http, config, destination_id, secrets: () => signers(sealed, http.now()) }),
  splunk_hec: (http, config) => openSplunkHec({ ...http, config }),
  datadog: (http, config) => openDatadog({ ...http, config }),
  // Its client is as large as the rest of the server.
  s3: async (http, config, { destination_id }) => {
    const { openS3 } = await import('./receivers/s3.ts');
    return openS3({ ...http, config, destination_id });
  },
  otlp: (http, config) => openOtlp({ ...http, config }),
  syslog: ({ guard }, config) => openSyslog({ guard, config }),
};

/** The secrets that sign now: for a while after a rotation, the one before it too. */
function signers({ config, previous }: SealedConfig, now: number): string[] {
  const { secret = '' } = config as DestinationConfig<'webhook'>;
  return previous && previous.until > now ? [secret, previous.secret] : [secret];
}

/** A destination as its row says. Close it. */
export async function openReceiver(
  { keyring, egress, egressGuard: guard, now }: ReceiverPorts,
  { destination_id, type, sealed_config }: DestinationsTable,
): Promise<Receiver> {
  const sealed = openConfig(keyring, destination_id, sealed_config);
  const secrets = secretsOf(sealed);
  const scrub = (text: string) =>
    secrets.length === 0 ? text : createScrubber(secrets).text(text);
  const open = OPENERS[type as DestinationType] as Opener<DestinationType>;
  const ports = { egress, guard, scrub, now };
  const receiver = await open(ports, sealed.config, { destination_id, sealed });
  return mapped(receiver, sealed.config);
}

const MAPS = { ecs: toEcs, ocsf: toOcsf } as const;

/** Sends entries in the words of another standard where the config says so. */
function mapped(receiver: Receiver, config: SealedConfig['config']): Receiver {
  const mapping = 'mapping' in config ? (config.mapping ?? 'native') : 'native';
  if (mapping === 'native') return receiver;
  const map = MAPS[mapping];
  const translate = (entry: Deliverable): Deliverable => ({
    ...entry,
    json: JSON.stringify(map(JSON.parse(entry.json) as AuditRecord)),
  });
  return { ...receiver, send: (batch, signal) => receiver.send(batch.map(translate), signal) };
}
