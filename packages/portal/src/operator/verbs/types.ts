/** A verb as the API shows it. */
export interface Verb {
  readonly verb: string;
  readonly provider: string;
  readonly method: string;
  readonly url: string;
  readonly args_schema: Readonly<Record<string, unknown>>;
  readonly risk_level: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';
  readonly idempotent: boolean;
  readonly governance: 'allow' | 'block' | 'approval';
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly body_format?: 'json' | 'form';
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly created_at: string;
  readonly updated_at: string;
}
