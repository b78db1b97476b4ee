import {
  AffidavitError,
  DESTINATION_CONFIGS,
  DESTINATION_SECRETS,
  type DestinationConfig,
  type DestinationType,
} from '@affidavit/schema';
import type { Keyring } from '@affidavit/vault';
import type { z } from 'zod';

/** Configs of destinations: checked, sealed, and shown without what is secret. */

/** What a sealed config is for; binds it to its row. */
export const destinationPurpose = (destinationId: string) => `destination:${destinationId}`;

export type AnyConfig = DestinationConfig<DestinationType>;

/** What is sealed: the config, and the secret that signs beside the current one for a while. */
export interface SealedConfig {
  readonly config: AnyConfig;
  readonly previous?: {
    readonly secret: string;
    /** Epoch ms. */
    readonly until: number;
  };
}

export function sealConfig(keyring: Keyring, id: string, sealed: SealedConfig): string {
  return keyring.seal(JSON.stringify(sealed), destinationPurpose(id));
}

export function openConfig(keyring: Keyring, id: string, text: string): SealedConfig {
  return JSON.parse(keyring.open(text, destinationPurpose(id)).toString('utf8')) as SealedConfig;
}

/** A config that anyone may have written, checked; throws `invalid_request`. */
export function readConfig(type: DestinationType, value: unknown): AnyConfig {
  const parsed = (DESTINATION_CONFIGS[type] as z.ZodType<AnyConfig>).safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = ['config', ...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.');
  const message = issue?.message ?? 'it is not valid';
  throw new AffidavitError('invalid_request', `${field}: ${message}`, { field, expected: message });
}

/** The config without secrets; of an address with a query only what is before it. */
export function shownConfig(config: AnyConfig): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (DESTINATION_SECRETS.has(name) || value === undefined) continue;
    shown[name] = showMember(name, value);
  }
  return shown;
}

function showMember(name: string, value: unknown): unknown {
  if (name === 'headers') return Object.keys(value as object);
  if ((name !== 'url' && name !== 'endpoint') || typeof value !== 'string') return value;
  return value.replace(/\?.*$/s, '?[masked]');
}

/** Values that must not come back in anything that is shown or written. */
export function secretsOf({ config, previous }: SealedConfig): string[] {
  const secrets = Object.entries(config).flatMap(([name, value]): unknown[] => {
    if (DESTINATION_SECRETS.has(name)) return [value];
    if (name === 'headers') return Object.values(value as object);
    return name === 'url' ? [...new URL(String(value)).searchParams.values()] : [];
  });
  return [...secrets, previous?.secret].filter(
    (value): value is string => typeof value === 'string' && value.length >= 4,
  );
}
