import type { Json } from '@affidavit/schema';

import { actionPath, type ActionContext, type ActionOptions } from './actions.ts';
import type { ActionRecord, Args } from './actions.ts';
import { Approvals } from './approvals.ts';
import { commonCall, mergedContext, present, type Body } from './bodies.ts';
import { AffidavitApiError, ApprovalPending } from './errors.ts';
import { Feed } from './feed.ts';
import type { FeedOptions } from './feed.ts';
import { base64Of, toProviderResponse } from './provider-response.ts';
import type { ProviderResponse } from './provider-response.ts';
import type { MintedToken, MintOptions } from './tokens.ts';
import { wrapped, type WrapOptions } from './wrap.ts';
import { Transport } from './transport.ts';
import type { CallOptions, Query, QueryValue } from './transport.ts';
import type {
  AffidavitOptions,
  AuditEvent,
  AuditRecord,
  CommonOptions,
  Execution,
  Recorded,
  RecordOptions,
  RequestOptions,
  RunOptions,
} from './types.ts';

/** What a bound client fills in; values of a call win. */
interface Binding {
  readonly run_id?: string;
  readonly task_context?: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** The answer to what waits for a person. */
function isHeld(answer: unknown): answer is ConstructorParameters<typeof ApprovalPending>[0] {
  const held = answer as { approval_id?: unknown; status?: unknown } | undefined;
  return typeof held?.approval_id === 'string' && held.status === 'pending';
}

function isList(value: AuditEvent | readonly AuditEvent[]): value is readonly AuditEvent[] {
  return Array.isArray(value);
}

/** A client of Affidavit for one API key. Holds no connection and no state; share it freely. */
export class Affidavit {
  readonly #options: AffidavitOptions;
  readonly #transport: Transport;
  /** What waits for a person. */
  readonly approvals: Approvals;
  readonly #binding: Binding;

  /** `binding` is what `run()` fills in; leave it out. */
  constructor(options: AffidavitOptions, binding: Binding = {}) {
    if (!options.url || !options.apiKey) {
      throw new AffidavitApiError('invalid_request', 'url and apiKey are needed', {
        field: options.url ? 'apiKey' : 'url',
        advice: 'Pass both to new Affidavit({ url, apiKey }).',
      });
    }
    this.#options = options;
    this.#transport = new Transport(options);
    this.#binding = binding;
    this.approvals = new Approvals(this.#transport);
  }

  /**
   * Calls a provider through Affidavit, which adds the credential and records intent and outcome.
   * A 4xx or 5xx by the provider is a Response like any other. Throws PolicyDenied, EgressBlocked,
   * ProviderUnreachable, AuditUnavailable, ContextError, or ApprovalPending where a person must
   * approve it first. It is never repeated by itself.
   */
  async request(
    method: string,
    url: string,
    options: RequestOptions = {},
  ): Promise<ProviderResponse> {
    const body = this.#requestBody(method, url, options);
    const answer = await this.#transport.json('POST', '/v1/request', {
      ...commonCall(options),
      body,
      idempotencyKey: options.idempotencyKey,
    });
    if (isHeld(answer)) throw new ApprovalPending(answer);
    return toProviderResponse(answer, url);
  }

  /**
   * Carries out a verb that an operator defined, and answers its execution record; an error by the
   * provider is an `outcome` in it. Throws ActionBlocked where policy or the verb says no, ApprovalPending
   * where a person must approve it first, and what `request` throws. Never repeated by itself
   * without an `idempotencyKey`.
   */
  async action<R = Json>(
    verb: string,
    args: Args = {},
    options: ActionOptions = {},
  ): Promise<ActionRecord<R>> {
    const { dryRun: dry_run, grant: grant_id, idempotencyKey } = options;
    const answer = await this.#transport.json('POST', actionPath(verb), {
      ...commonCall(options),
      body: present({ ...this.#actionBody(args, options), dry_run, grant_id }),
      idempotencyKey,
      safeToRepeat: idempotencyKey !== undefined,
    });
    if (isHeld(answer)) throw new ApprovalPending(answer);
    return answer as ActionRecord<R>;
  }

  /**
   * The same function, under the rules of Affidavit: before it runs Affidavit is asked, and has the
   * intent on the record; afterwards it is told how it ended. Fails closed: where Affidavit says no
   * (ActionBlocked) or cannot be reached (AuditUnavailable) the function does not run, and where the
   * outcome cannot be recorded AuditUnavailable says that it ran. With an `idempotencyKey` a repeat
   * returns what was kept of the first result.
   */
  wrap<P extends readonly unknown[], R>(
    verb: string,
    options: WrapOptions<NoInfer<P>, NoInfer<R>>,
    run: (...given: P) => R | Promise<R>,
  ): (...given: P) => Promise<R> {
    const asking = {
      body: (args: Args, context: ActionContext) => this.#actionBody(args, context),
      json: (method: string, path: string, call: CallOptions) =>
        this.#transport.json(method, path, call),
    };
    return wrapped(asking, verb, options, run);
  }

  /** Reports one event, or up to 1000 all or nothing. Resolves once they are durable. */
  async record(
    events: AuditEvent | readonly AuditEvent[],
    options: RecordOptions = {},
  ): Promise<Recorded> {
    const body = isList(events)
      ? { events: events.map((event, index) => this.#filled(event, `events[${index}].`)) }
      : this.#filled(events, '');
    const answer = await this.#transport.json('POST', '/v1/events', {
      ...commonCall(options),
      body,
      query: options.receipt ? { receipt: true } : {},
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
      safeToRepeat: true,
    });
    return answer as Recorded;
  }

  /** The entries that fit the filter, oldest first, and with `follow` all that come after. */
  events(filter: Query = {}, options: FeedOptions = {}): Feed<AuditRecord> {
    return this.#feed('/v1/events', filter, options);
  }

  /** Intent and outcome merged, one record for each call or action. */
  executions(filter: Query = {}, options: FeedOptions = {}): Feed<Execution> {
    return this.#feed('/v1/executions', filter, options);
  }

  async event(eventId: string, options: CommonOptions = {}): Promise<AuditRecord> {
    const path = `/v1/events/${encodeURIComponent(eventId)}`;
    return (await this.#transport.json('GET', path, commonCall(options))) as AuditRecord;
  }

  async execution(executionId: string, options: CommonOptions = {}): Promise<Execution> {
    const path = `/v1/executions/${encodeURIComponent(executionId)}`;
    return (await this.#transport.json('GET', path, commonCall(options))) as Execution;
  }

  /** The same client with `run_id`, `task_context` and `context` filled in; a call's own win. */
  run(runId: string, options: RunOptions = {}): Affidavit {
    const label = options.agent === undefined ? {} : { agent: options.agent };
    const context = { ...this.#binding.context, ...label, ...options.context };
    const task = options.task ?? this.#binding.task_context;
    return new Affidavit(this.#options, {
      run_id: runId,
      ...(task === undefined ? {} : { task_context: task }),
      ...(Object.keys(context).length === 0 ? {} : { context }),
    });
  }

  /**
   * Mints a token for one grant, some of its scopes and one run: something to hand to a part that
   * should hold no key. Throws PolicyDenied where nothing of what was asked is allowed.
   */
  async mint(options: MintOptions = {}): Promise<MintedToken> {
    const body = present({
      grant_id: options.grant,
      provider: options.provider,
      principal_id: options.principal,
      scopes: options.scopes,
      ttl_seconds: options.ttlSeconds,
      reason: options.reason,
      context: mergedContext(this.#binding.context, options.context),
      run_id: options.run ?? this.#binding.run_id,
      task_context: options.task ?? this.#binding.task_context,
      caller: this.#options.caller,
    });
    const answer = await this.#transport.json('POST', '/v1/tokens', {
      ...commonCall(options),
      body,
      idempotencyKey: crypto.randomUUID(),
      safeToRepeat: true,
    });
    return answer as MintedToken;
  }

  /** The same client with a minted token in the place of the key: calls and actions, nothing else. */
  withToken(token: string): Affidavit {
    return new Affidavit({ ...this.#options, apiKey: token }, this.#binding);
  }

  /** Any other call of the HTTP contract, with the same deadlines, retries and typed errors. */
  async api(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    return this.#transport.json(method, path, options);
  }

  /** The same, for an answer whose body is read as it comes: an export or an event stream. */
  async open(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    return this.#transport.open(method, path, options);
  }

  #feed<T>(path: string, filter: Query, options: FeedOptions): Feed<T> {
    const runId = this.#binding.run_id;
    const query = runId === undefined ? filter : { run_id: runId, ...filter };
    return new Feed<T>(
      (page, signal) => this.#transport.json('GET', path, { query: page, signal }),
      query,
      options,
    );
  }

  #actionBody(args: Args, options: ActionContext): Body {
    return present({
      args,
      reason: options.reason,
      context: mergedContext(this.#binding.context, options.context),
      run_id: options.run ?? this.#binding.run_id,
      task_context: options.task ?? this.#binding.task_context,
      thread_id: options.thread,
      tenant_id: options.tenant,
      principal_id: options.principal,
      caller: this.#options.caller,
    });
  }

  #requestBody(method: string, url: string, options: RequestOptions): Body {
    const { headers, query } = options;
    return present({
      method,
      url,
      grant_id: options.grant,
      provider: options.provider,
      principal_id: options.principal,
      headers: headers instanceof Headers ? Object.fromEntries(headers) : headers,
      query: query && plainQuery(query),
      json: options.json,
      ...bodyMembers(options.body),
      reason: options.reason,
      context: mergedContext(this.#binding.context, options.context),
      run_id: options.run ?? options.run_id ?? this.#binding.run_id,
      task_context: options.task ?? options.task_context ?? this.#binding.task_context,
      scopes: options.scopes,
      caller: this.#options.caller,
    });
  }

  #filled(event: AuditEvent, prefix: string): Body {
    const { context: boundContext, ...bound } = this.#binding;
    const context = mergedContext(boundContext, event.context, prefix);
    return present({ caller: this.#options.caller, ...bound, ...present(event), context });
  }
}

function bodyMembers(body: string | Uint8Array | undefined): Body {
  if (!(body instanceof Uint8Array)) return { body };
  return { body: base64Of(body), body_encoding: 'base64' };
}

/** Dates as ISO 8601; absent values left out. */
function plainQuery(query: NonNullable<RequestOptions['query']>): Body {
  const plain = (value: QueryValue) => (value instanceof Date ? value.toISOString() : value);
  const entries = Object.entries(query).filter(([, value]) => (value ?? null) !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}
