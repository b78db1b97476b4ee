/** What is asked of the checking thread, and what it answers. */

/** What this browser keeps of a ledger between two visits. */
export interface Remembered {
  /** Verifier key that was believed first, or one that it has led to. */
  readonly vkey: string;
  /** The newest signed checkpoint that was seen. */
  readonly checkpoint: string;
  readonly origin: string;
  readonly size: number;
  /** ISO 8601. */
  readonly seen_at: string;
}

/** Where the ledger is read, and what is known of it from before. */
export interface Source {
  /** Address below which `checkpoint`, `tile/…`, `keys` and the proofs stand. */
  readonly ledger: string;
  /** Address of the evidence of an entry, with `{event_id}` in the place of its id. */
  readonly evidence: string;
  readonly known: Remembered | null;
}

/** An entry whose evidence is checked, and what the page shows of it, by names of the record. */
export interface ShownEntry {
  readonly event_id: string;
  readonly shown?: Readonly<Record<string, unknown>>;
}

export type Job =
  /** The newest checkpoint alone: its signatures, and that the log has only grown. */
  | { readonly kind: 'head' }
  /** All of it, with every hash of the tree as it is served; slower than a range without ends. */
  | { readonly kind: 'tiles' }
  /** Times as ISO 8601; without one, to that end of the ledger. */
  | { readonly kind: 'range'; readonly from?: string; readonly to?: string }
  /** From one position to another, both of them with it. */
  | { readonly kind: 'places'; readonly first: number; readonly last: number }
  /** One entry with its contents, by its position. */
  | { readonly kind: 'place'; readonly seq: number }
  | { readonly kind: 'entries'; readonly entries: readonly ShownEntry[] }
  /** A bundle, a range proof or evidence that was kept; `vkey` is the key to believe. */
  | { readonly kind: 'file'; readonly file: File; readonly vkey: string };

/** What the memory of this browser says to the newest checkpoint. */
export type Memory =
  | { readonly state: 'first' }
  | { readonly state: 'same' | 'grown'; readonly seen_at: string; readonly size: number }
  | {
      readonly state: 'shrunk' | 'forked' | 'unproved' | 'other_key' | 'other_log';
      readonly seen_at: string;
      readonly size: number;
    };

/** A statement of another party that it saw a checkpoint; its signature was checked here. */
export interface Cosigned {
  readonly name: string;
  /** Entries of the ledger as it saw it. */
  readonly size: number;
  /** Epoch ms, as the witness says. */
  readonly at: number;
}

export interface Head {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
  readonly cosigned: readonly Cosigned[];
}

export interface Damage {
  /** The first damaged position; null where the damage cannot be told to one position. */
  readonly seq: number | null;
  readonly event_id?: string;
  readonly message: string;
}

/** One entry, as its evidence lays it open. */
export interface OpenedEntry {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly parts: Readonly<Record<string, unknown>>;
  /** Parts that were erased or are past retention. */
  readonly missing: readonly string[];
  /** Whoever checks may see no contents: nothing but its place was checked. */
  readonly withheld?: true;
}

/** What came of a check. Nothing but `broken` means anything unless it is empty. */
export interface Verdict {
  readonly kind: Job['kind'] | 'bundle' | 'evidence';
  readonly head: Head | null;
  readonly memory: Memory | null;
  /** Entries that were checked; of a range with those at its borders. */
  readonly checked: number;
  /** Entries under the checkpoint that this was checked against, which may be newer than `head`. */
  readonly size?: number;
  readonly first_seq?: number;
  readonly last_seq?: number;
  /** Entries in the range of time. */
  readonly within?: number;
  /** That nothing else is in the range. */
  readonly complete?: boolean;
  /** Parts that are gone, of the entries whose contents were checked. */
  readonly missing_parts?: number;
  /** Entries of which nothing but their place could be checked: what they said is not shown. */
  readonly unseen?: number;
  readonly entry?: OpenedEntry;
  readonly broken: readonly Damage[];
  /** To be kept for the next visit. */
  readonly remember: Remembered | null;
  readonly took_ms: number;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type Answer =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  /** It could not be checked, which says nothing about the ledger. */
  | { readonly type: 'failed'; readonly message: string; readonly advice: string };

export interface Order {
  readonly source: Source;
  readonly job: Job;
}
