import { signKeyChange, toBase64, type EvidencePart } from '@affidavit/ledger';
import type { AuditEvent } from '@affidavit/schema';
import type { Keyring } from '@affidavit/vault/sealing';

import type { Effect, SigningKey } from '../store/port.ts';
import { newSigningKey, openSigningKey } from './signing-keys.ts';
import type { PreparedEvent } from './submission.ts';

/**
 * How the key of a log is replaced. From the checkpoint over the entry that says so, the new key
 * signs; the old one signs beside it until a second entry says that it is retired, and that
 * entry's transaction destroys its private half. No clock decides who signs: only the rows do, read
 * in the transaction that signs, so that all processes agree.
 */

export interface Rotation {
  readonly vkey: string;
  /** Epoch ms. */
  readonly retires_at: number;
  readonly event: AuditEvent;
  /** Conflict where another rotation came first. */
  readonly effects: (events: readonly PreparedEvent[]) => readonly Effect[];
}

/** `current` is the key that no other has replaced; `overlap_ms` is how long it still signs. */
export function planRotation(
  keyring: Keyring,
  current: SigningKey,
  { now, overlap_ms }: { readonly now: number; readonly overlap_ms: number },
): Rotation {
  const { app, origin, from_size, verifier_key: replaces } = current;
  const row = newSigningKey(keyring, app, origin, now);
  const { verifier_key: vkey } = row;
  const note = signKeyChange(openSigningKey(keyring, current), openSigningKey(keyring, row));
  const retires_at = now + overlap_ms;
  const event = {
    event_type: 'signing_key.rotated',
    args: { vkey, replaces, note, retires_at: new Date(retires_at).toISOString() },
  };
  const effects = (events: readonly PreparedEvent[]): Effect[] => [
    {
      op: 'insert',
      table: 'signing_keys',
      row: { ...row, change: JSON.stringify(argsOf(events)) },
      sized: { column: 'from_size', size: 'after' },
    },
    {
      op: 'update',
      table: 'signing_keys',
      where: { app, from_size, retires_at: null },
      set: { retires_at },
    },
  ];
  return { vkey, retires_at, event, effects };
}

/** The part that names the keys, laid open. */
function argsOf(events: readonly PreparedEvent[]): EvidencePart {
  const part = events[0]?.parts.find((one) => one.part === 'args');
  if (part === undefined) throw new TypeError('a change of keys has the part args');
  return { name: 'args', salt: toBase64(part.salt), canonical: part.body };
}

/** The end of a key that has been replaced. Conflict where it has ended already. */
export function planRetirement({
  app,
  from_size,
  verifier_key: vkey,
}: Pick<SigningKey, 'app' | 'from_size' | 'verifier_key'>): {
  readonly event: AuditEvent;
  readonly effects: readonly Effect[];
} {
  return {
    event: { event_type: 'signing_key.retired', args: { vkey } },
    effects: [
      {
        op: 'update',
        table: 'signing_keys',
        where: { app, from_size, to_size: null },
        set: { sealed_private_key: '' },
        sized: { column: 'to_size', size: 'before' },
      },
    ],
  };
}
