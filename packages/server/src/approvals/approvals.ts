import { AffidavitError, newId, type AuditEvent } from '@affidavit/schema';
import type {
  ApprovalKind,
  ApprovalRunner,
  Approvals,
  ApprovedRun,
  AppRef,
  Asker,
  Held,
  Json,
  Keyring,
  ToHold,
} from '@affidavit/vault';
import type { Logger } from 'pino';

import type { StoredDirectory } from '../access/directory.ts';
import { Slots } from '../http/slots.ts';
import type { Trail } from '../ingest/trail.ts';
import type { ReaderPool } from '../query/reader-pool.ts';
import type { Effect } from '../store/port.ts';
import type { ApprovalsTable } from '../store/tables.ts';
import { assertHoldable, requested } from './requested.ts';
import { couldStillAsk, isTheirs } from './asker.ts';
import { endRow, heldAnswer, moveRow, ofAnother, openPart, sealPart, withApproval } from './row.ts';

/** Of one app, so that whoever floods the deciders is stopped. */
const WAITING_MAX = 1000;
/** What was approved begins within that time, or not at all: nobody expects it any more. */
const BEGIN_WITHIN_MS = 3_600_000;
const RUNS_MAX = 64;
/** How long the end of a server waits for what it carries out. */
const CLOSE_MS = 8000;

export interface ApprovalsOptions {
  readonly trail: Trail;
  readonly directory: StoredDirectory;
  readonly readers: ReaderPool;
  readonly keyring: Keyring;
  readonly now: () => number;
  readonly journal: Logger;
}

/** What a person says, with who they are as the record says it. */
export interface Verdict {
  readonly status: 'approved' | 'rejected';
  readonly reason: string;
  readonly by: Asker;
  readonly fields: Partial<AuditEvent>;
}

/** See `Approvals`. Each step is an effect of the entry that tells of it. */
export class StoredApprovals implements Approvals {
  readonly #options: ApprovalsOptions;
  readonly #runners = new Map<string, ApprovalRunner>();
  readonly #slots = new Slots(RUNS_MAX, 'approved requests');
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Says who carries out what was approved, by kind. To be called once for each, at the start. */
  carryOutBy(kind: ApprovalKind, runner: ApprovalRunner): void {
    this.#runners.set(kind, runner);
  }

  async hold(held: ToHold): Promise<Held> {
    const { trail, keyring, now } = this.#options;
    const { app, kind, execution_id, asker, expires_in_seconds, changes = [] } = held;
    const created_at = now();
    const approval_id = newId('approval');
    const event_id = newId('event');
    const expires_at = created_at + expires_in_seconds * 1000;
    const policy_id = held.facts.policy_id ?? '';
    await this.#refuseFlood(app, policy_id);
    const { facts, shown, ...event } = requested(held, approval_id, expires_at);
    const sealed = { request: held.request, facts, shown };
    assertHoldable(sealed);
    const row: ApprovalsTable = {
      app: app.app,
      approval_id,
      kind,
      status: 'pending',
      execution_id,
      event_id,
      key_id: asker.key_id,
      agent_id: asker.agent_id,
      token_id: asker.token_id,
      policy_id,
      sealed_request: sealPart(keyring, approval_id, 'request', sealed),
      ...UNDECIDED,
      created_at,
      expires_at,
    };
    const receipt = await trail.record({
      ...app,
      events: [{ ...event, event_id }],
      effects: [{ op: 'insert', table: 'approvals', row: { ...row } }, ...(changes as Effect[])],
    });
    return heldAnswer(row, receipt.events[0]?.seq as number);
  }

  async #refuseFlood({ app }: AppRef, policy_id: string): Promise<void> {
    const request = { app, limit: WAITING_MAX };
    const waiting = await this.#options.readers.run<number>('waitingApprovals', request);
    if (waiting < WAITING_MAX) return;
    throw new AffidavitError('policy_denied', `${WAITING_MAX} requests wait for approval already`, {
      advice: 'Have those decided that wait: GET /v1/approvals?status=pending.',
      extra: { policy_id, rule: 'approval' },
    });
  }

  /**
   * Approves or rejects; resolves with the row as it is then. Rejects with `forbidden` for who
   * asked, and for the agents above and below them (on the record), `conflict` where it is decided, expired or ended, `gone`
   * where the request was erased.
   */
  async decide(app: AppRef, row: ApprovalsTable, verdict: Verdict): Promise<ApprovalsTable> {
    const { keyring, now } = this.#options;
    if (await isTheirs(this.#options.directory, row, verdict.by))
      throw await this.#refuseOwn(app, row, verdict);
    if (row.status !== 'pending') throw decidedAlready(row);
    if (row.expires_at <= now()) {
      await this.expire(app, row);
      throw decidedAlready({ ...row, status: 'expired' });
    }
    const { status, reason, by } = verdict;
    const { actor_name: name } = verdict.fields;
    const decided_at = now();
    const sealed_decision = sealPart(keyring, row.approval_id, 'decision', {
      by,
      ...(name === undefined ? {} : { name }),
      reason,
    });
    const ended = status === 'rejected' ? { ended_at: decided_at, outcome: 'blocked' } : {};
    const set = { status, decided_at, sealed_decision, ...ended };
    const { facts } = this.#request(row);
    const event = {
      ...withApproval(ofAnother(facts), {
        approval_id: row.approval_id,
        decided_by: deciderOf(by),
      }),
      ...verdict.fields,
      event_type: `approval.${status}`,
      governance_status: status,
      reason,
      // An approval ends nothing: the execution goes on.
      ...(status === 'rejected' ? { outcome: 'blocked' as const } : {}),
    };
    await this.#move(app, row, event, set);
    return { ...row, ...set };
  }

  /** A key, or another of the same agent, that would decide its own request. */
  async #refuseOwn(app: AppRef, row: ApprovalsTable, { fields, status }: Verdict) {
    const { approval_id, policy_id } = row;
    const facts = openPart(this.#options.keyring, row, 'request')?.facts ?? {};
    const { execution_id: _, ...about } = facts;
    await this.#options.trail.record({
      ...app,
      events: [
        {
          ...withApproval(ofAnother(about), { approval_id, wanted: status, rule: 'own_request' }),
          ...fields,
          event_type: 'approval.refused',
          governance_status: 'blocked',
          outcome: 'blocked',
          error_code: 'forbidden',
        },
      ],
    });
    return new AffidavitError('forbidden', 'nobody decides what they asked for themselves', {
      expected: 'a key that did not ask, and not of the same agent or one above or below it',
      extra: { approval_id, policy_id, rule: 'own_request' },
    });
  }

  /** What can be decided, or carried out, no more; `rule` says why. */
  async expire(app: AppRef, row: ApprovalsTable, rule: ExpiryRule = 'expiry'): Promise<void> {
    const { keyring, now } = this.#options;
    const facts = openPart(keyring, row, 'request')?.facts ?? { execution_id: row.execution_id };
    const event = {
      ...withApproval(ofAnother(facts), { approval_id: row.approval_id, was: row.status, rule }),
      ...SYSTEM,
      event_type: 'approval.expired',
      governance_status: 'blocked' as const,
      outcome: 'blocked' as const,
      error_code: rule === 'expiry' ? 'approval_expired' : rule,
    };
    await this.#move(app, row, event, { status: 'expired', outcome: 'blocked', ended_at: now() });
  }

  /** The step of a row and its entry; `conflict` where another was faster. */
  async #move(
    app: AppRef,
    row: ApprovalsTable,
    event: AuditEvent,
    set: Partial<ApprovalsTable>,
  ): Promise<void> {
    const effects = [moveRow(row, set)];
    try {
      await this.#options.trail.record({ ...app, events: [event], effects });
    } catch (error) {
      if (!(error instanceof AffidavitError) || error.code !== 'conflict') throw error;
      throw decidedAlready(row);
    }
  }

  #request(row: ApprovalsTable) {
    const opened = openPart(this.#options.keyring, row, 'request');
    if (opened !== null) return opened;
    throw new AffidavitError('gone', 'the request was erased; it cannot be carried out', {
      field: 'approval_id',
    });
  }

  /**
   * Has what was approved carried out, once, whoever else tries: the row moves on in the transaction
   * of the intent. Goes on by itself; where nothing was written it is begun again later.
   */
  begin(app: AppRef, row: ApprovalsTable): void {
    const { approval_id } = row;
    if (this.#underWay.has(approval_id)) return;
    const run = this.#slots
      .during(() => this.#carryOut(app, row))
      .catch((error: unknown) => {
        const taken = error instanceof AffidavitError && error.code === 'conflict';
        if (!taken) this.#options.journal.warn({ err: error, approval_id }, 'an approval waits');
      })
      .finally(() => this.#underWay.delete(approval_id));
    this.#underWay.set(approval_id, run);
  }

  async #carryOut(app: AppRef, row: ApprovalsTable): Promise<void> {
    const { directory, now } = this.#options;
    const runner = this.#runners.get(row.kind);
    if (!runner) throw new AffidavitError('internal', `nothing carries out ${row.kind}`);
    if (row.sealed_request === '') return this.expire(app, row, 'request_erased');
    if ((row.decided_at ?? 0) + BEGIN_WITHIN_MS <= now()) return this.expire(app, row);
    const isThere = await couldStillAsk(directory, row, now());
    if (!isThere) return this.expire(app, row, 'asker_gone');
    await runner(this.#runOf(app, row));
  }

  #runOf(app: AppRef, row: ApprovalsTable): ApprovedRun {
    const { keyring, now } = this.#options;
    const { approval_id, execution_id } = row;
    const decision = openPart(keyring, row, 'decision');
    const approval: Record<string, Json> = {
      approval_id,
      ...(decision === null ? {} : { decided_by: deciderOf(decision.by) }),
      decided_at: new Date(row.decided_at ?? 0).toISOString(),
    };
    return {
      app,
      approval_id,
      execution_id,
      request: this.#request(row).request,
      approval,
      begun: [moveRow(row, { status: 'running' })],
      ended: (result, after) => {
        const status = after === 'intent' ? 'running' : row.status;
        return [endRow(keyring, { ...row, status }, result, now())];
      },
    };
  }

  /** Waits for what is carried out, up to a bound. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    await Promise.race([Promise.all(this.#underWay.values()), bound]);
    clearTimeout(timer);
  }
}

/** Too late; or the key, agent or token that asked has ended; or the request was erased. */
type ExpiryRule = 'expiry' | 'asker_gone' | 'request_erased';

const UNDECIDED = {
  sealed_decision: null,
  sealed_result: null,
  outcome: null,
  decided_at: null,
  ended_at: null,
};

const SYSTEM = { actor_type: 'system', actor_id: 'affidavit' } as const;

const deciderOf = ({ key_id, agent_id }: Asker): string => agent_id ?? key_id;

function decidedAlready({ approval_id, status }: ApprovalsTable): AffidavitError {
  const state = status === 'pending' ? 'decided by another' : status;
  return new AffidavitError('conflict', `the approval is ${state} already`, {
    field: 'approval_id',
    advice: `Read GET /v1/approvals/${approval_id}.`,
    extra: { approval_id },
  });
}
