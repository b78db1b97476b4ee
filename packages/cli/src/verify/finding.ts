import type {
  LedgerError,
  LedgerErrorCode,
  RangeDamage,
  RangeDamageReason,
  VerifiedCheckpoint,
} from '@affidavit/ledger';

/** What was checked. */
export type Kind = 'bundle' | 'evidence' | 'range' | 'receipt' | 'checkpoint' | 'log';

/** Where the key came from that all trust rests on. */
export type Anchor = 'given' | 'file' | 'server';

export interface Damage {
  /** The damaged entry; null where it is not one entry. */
  readonly seq: number | null;
  readonly message: string;
  /** The file of a bundle that it is in. */
  readonly member?: string | null;
  readonly reason: LedgerErrorCode | RangeDamageReason;
}

/** What came of a check, for people and for machines. */
export interface Finding {
  readonly kind: Kind;
  readonly ok: boolean;
  readonly anchor: Anchor;
  /** Null where not even that is known. */
  readonly origin: string | null;
  /** Entries under the checkpoint. */
  readonly size: number | null;
  /** Names of witnesses whose keys were given, and who have cosigned. */
  readonly cosigned_by: readonly string[];
  /** One line: what it is. */
  readonly summary: string;
  readonly proved: readonly string[];
  readonly not_proved: readonly string[];
  readonly broken: readonly Damage[];
}

export type Sound = Pick<Finding, 'summary' | 'proved' | 'not_proved'>;

export function finding(
  kind: Kind,
  anchor: Anchor,
  checkpoint: VerifiedCheckpoint | null,
  result: Sound | readonly Damage[],
): Finding {
  const broken = 'summary' in result ? [] : result;
  const said = 'summary' in result ? result : { summary: '', proved: [], not_proved: [] };
  const cosigners = checkpoint?.signatures.filter(({ time }) => time !== undefined) ?? [];
  return {
    kind,
    ok: broken.length === 0,
    anchor,
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    cosigned_by: cosigners.map(({ key }) => key.name),
    ...said,
    broken,
  };
}

const REASONS: Readonly<Record<RangeDamageReason, string>> = {
  malformed: 'what stands here is not an entry',
  seq: 'another entry stands here: one was dropped, put in or moved',
  prev: 'it is not the entry that the chain goes through',
  created_at: 'it is older than the entry before it',
  beyond_checkpoint: 'the checkpoint does not reach this far',
  incomplete_start: 'it is needed to show where the range begins',
  incomplete_end: 'it is needed to show where the range ends',
  tile: 'a hash tile is not what the entries give',
  root: 'the entries hang together, but are not those that the checkpoint signs',
};

export const rangeDamage = ({ seq, reason }: RangeDamage): Damage => ({
  seq,
  reason,
  message: REASONS[reason],
});

export const damageOf = ({ code: reason, message }: LedgerError): Damage => ({
  seq: null,
  reason,
  message,
});
