import { AffidavitError, type ActionBody, type AuditEvent } from '@affidavit/schema';

import type { ApprovedRun, Held } from '../approvals.ts';
import type { Broker } from '../call.ts';
import { askedFacts, begin, type Call, type CallActor } from '../plan.ts';
import type { ActionKeys, AppRef, CallTrail, Directory, Verb } from '../ports.ts';
import type { Keyring } from '../sealing.ts';
import { KeyTaken, type Action } from './action.ts';
import { checkArgs, checkArgsSize } from './args-schema.ts';
import { concealed } from './conceal.ts';
import { executionRecord, wholeResult, type ExecutionRecord } from './entries.ts';
import { KeyFence, type Asked } from './fence.ts';
import { refuseOnRecord, replay } from './on-record.ts';
import { fillRequest } from './outgoing.ts';
import { CompiledVerbs } from './verbs.ts';

export interface ActionRequest {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly verb: string;
  readonly body: ActionBody;
  /** `Idempotency-Key`, with a keyed digest of the body. */
  readonly key?: { readonly value: string; readonly fingerprint: Uint8Array };
}

export interface ActionOptions {
  readonly broker: Broker;
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly keys: ActionKeys;
  readonly keyring: () => Keyring;
}

/** The life of an action: what a verb adds before and after the life of a call. */
export class Actions {
  readonly #options: ActionOptions;
  readonly #verbs = new CompiledVerbs();
  readonly #fence: KeyFence;

  constructor(options: ActionOptions) {
    this.#options = options;
    this.#fence = new KeyFence(options.keys, options.keyring);
  }

  /**
   * Resolve the verb, check the arguments, look at the key; then decide and do it as a call is done.
   * Resolves with the execution record, also for an error by the provider; or with what waits for a
   * person. Rejects as a call does, and with `idempotency_mismatch`, `conflict` or `gone` for a key;
   * the record is told with the error.
   */
  async run(request: ActionRequest): Promise<ExecutionRecord | Held> {
    const verb = await this.#options.directory.verb(request.app.app, request.verb);
    const facts = actionFacts(request, verb);
    const refused = { ...askedFacts(request.body, request.actor), ...facts };
    const { trail } = this.#options;
    const begun = await refuseOnRecord(trail, request.app, refused, async () =>
      this.#begin(request, verb),
    );
    const asked = askedUnder(request);
    if (asked === null || request.body.dry_run) return this.#once(begun);
    return this.#fenced(request, begun, asked);
  }

  #begin({ app, actor, verb: name, body }: ActionRequest, verb: Verb | null): Call & Acting {
    if (verb === null) {
      throw new AffidavitError('not_found', `there is no verb ${name}`, { field: 'verb' });
    }
    checkArgsSize(body.args);
    const { validate, request } = this.#verbs.of(verb);
    checkArgs(validate, body.args);
    const { args: _, dry_run, app_id: __, ...asked } = body;
    const whole = {
      ...asked,
      ...fillRequest(request, body.args),
      provider: verb.provider,
      ...(verb.scopes === undefined ? {} : { scopes: verb.scopes }),
    };
    const facts = actionFacts({ verb: name, body }, verb);
    const action = { facts, governance: verb.governance, dry_run, held: { facts } };
    return { ...begin({ app, actor, body: whole, action }), action };
  }

  /** Under a key: at most once, and whoever comes later gets what was kept. */
  async #fenced(request: ActionRequest, begun: Call & Acting, asked: Asked) {
    const { app } = request;
    const { trail } = this.#options;
    const end = this.#fence.deadline();
    for (;;) {
      const found = await refuseOnRecord(trail, app, begun.facts, () =>
        this.#fence.earlier(app, asked, end),
      );
      if ('held' in found) return found.held;
      if ('kept' in found) return replay(trail, app, begun.facts, found);
      const fence = this.#fence.around(app, asked, found.instead);
      const held = { ...begun.action.held, key: sealable(asked) };
      try {
        const call = { ...begun, action: { ...begun.action, fence, held } };
        const done = await this.#fence.alone(app, asked, end, () => this.#once(call));
        if (done !== null) return done;
      } catch (error) {
        if (!(error instanceof KeyTaken)) throw error;
      }
    }
  }

  async #once(call: Call): Promise<ExecutionRecord | Held> {
    const executed = await this.#options.broker.execute(call);
    if ('approval_id' in executed) return executed;
    const { event, recorded, answer } = executed;
    const whole = concealed({ ...event, ...(answer ? wholeResult(answer) : {}) });
    return executionRecord(whole, recorded);
  }

  /** Carries out what a person has approved, as it was shown to them; its verb may say no by now. */
  async resume(run: ApprovedRun): Promise<void> {
    const { facts, key } = run.request as HeldAction;
    const verb = await this.#options.directory.verb(run.app.app, facts.verb as string);
    const action: Action = {
      facts,
      governance: verb?.governance ?? 'block',
      dry_run: false,
      held: {},
      ...(key ? { fence: this.#fence.around(run.app, opened(key), undefined) } : {}),
    };
    await this.#options.broker.resume(run, action);
  }
}

type Facts = Partial<AuditEvent>;

interface Acting {
  readonly action: Action;
}

/** What is sealed of an action that waits, beside what is of a call. */
interface HeldAction {
  readonly facts: Facts;
  readonly key?: SealableKey;
}

type SealableKey = Omit<Asked, 'fingerprint'> & { readonly fingerprint: string };

const sealable = (asked: Asked): SealableKey => ({
  ...asked,
  fingerprint: Buffer.from(asked.fingerprint).toString('base64'),
});

const opened = (key: SealableKey): Asked => ({
  ...key,
  fingerprint: Buffer.from(key.fingerprint, 'base64'),
});

function askedUnder({ actor, verb, key }: ActionRequest): Asked | null {
  if (key === undefined) return null;
  const { value: idempotency_key, fingerprint } = key;
  // What one bearer was answered is not for another.
  const actor_id = actor.token?.token_id ?? actor.id;
  return { actor_id, verb, idempotency_key, fingerprint };
}

function actionFacts(
  { verb: name, body }: Pick<ActionRequest, 'verb' | 'body'>,
  verb: Verb | null,
): Facts {
  return {
    verb: name,
    ...(verb === null ? {} : { provider: verb.provider, risk_level: verb.risk_level }),
    dry_run: body.dry_run,
    idempotent: false,
    args: body.args,
  };
}
