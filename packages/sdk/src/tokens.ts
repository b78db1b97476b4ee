import type { CommonOptions } from './types.ts';

/** Minted tokens: short-lived bearers for one grant, some of its scopes and one run. */

export interface MintOptions extends CommonOptions {
  /** Id of the grant. One of `grant` and `provider` is needed. */
  readonly grant?: string;
  /** Name of the provider, when the agent has one fitting grant there. */
  readonly provider?: string;
  /** Id of the person on whose behalf, to choose among the grants of a provider. */
  readonly principal?: string;
  /** All that the grant has, unless named. */
  readonly scopes?: readonly string[];
  /** 900 unless said otherwise, 3600 at most. */
  readonly ttlSeconds?: number;
  /** The run that it is for; the bound one of `run()` unless named. */
  readonly run?: string;
  readonly task?: string;
  /** Why, for a person to read. */
  readonly reason?: string;
  readonly context?: Readonly<Record<string, string>>;
}

export interface MintedToken {
  readonly token_id: string;
  /** The bearer. It is shown this once. */
  readonly token: string;
  readonly scope_granted: readonly string[];
  /** Whether it is less than was asked for. */
  readonly scope_downscoped: boolean;
  /** As granted: less than asked where the grant ends before. */
  readonly ttl_seconds: number;
  /** ISO 8601. */
  readonly expires_at: string;
  readonly [more: string]: unknown;
}
