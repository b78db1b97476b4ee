import type { DestinationConfig, DestinationType } from '@affidavit/schema';
import { createScrubber, type Egress, type Keyring } from '@affidavit/vault';

import type { DestinationsTable } from '../store/tables.ts';
import { openConfig, secretsOf, type SealedConfig } from './config.ts';
import type { HttpPorts } from './http-send.ts';
import type { Receiver } from './receiver.ts';
import { openDatadog } from './receivers/datadog.ts';
import { openSplunkHec } from './receivers/splunk-hec.ts';
import { openWebhook } from './receivers/webhook.ts';

export interface ReceiverPorts {
  readonly keyring: Keyring;
  readonly egress: Egress;
  readonly now: () => number;
}

type Opener<T extends DestinationType> = (
  http: HttpPorts,
  config: DestinationConfig<T>,
  about: { readonly destination_id: string; readonly sealed: SealedConfig },
) => Receiver;

const OPENERS: { readonly [T in DestinationType]: Opener<T> } = {
  webhook: (http, config, { destination_id, sealed }) =>
    openWebhook({ ...http, config, destination_id, secrets: () => signers(sealed, http.now()) }),
  splunk_hec: (http, config) => openSplunkHec({ ...http, config }),
  datadog: (http, config) => openDatadog({ ...http, config }),
};

/** The secrets that sign now: for a while after a rotation, the one before it too. */
function signers({ config, previous }: SealedConfig, now: number): string[] {
  const { secret = '' } = config as DestinationConfig<'webhook'>;
  return previous && previous.until > now ? [secret, previous.secret] : [secret];
}

/** A destination as its row says. Close it. */
export function openReceiver(
  { keyring, egress, now }: ReceiverPorts,
  { destination_id, type, sealed_config }: DestinationsTable,
): Receiver {
  const sealed = openConfig(keyring, destination_id, sealed_config);
  const secrets = secretsOf(sealed);
  const scrub = (text: string) =>
    secrets.length === 0 ? text : createScrubber(secrets).text(text);
  const open = OPENERS[type as DestinationType] as Opener<DestinationType>;
  return open({ egress, scrub, now }, sealed.config, { destination_id, sealed });
}
