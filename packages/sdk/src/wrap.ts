import type { Json } from '@affidavit/schema';

import { actionPath, type ActionContext, type ActionRecord, type Args } from './actions.ts';
import { AuditUnavailable, AffidavitApiError } from './errors.ts';
import type { CallOptions } from './transport.ts';

/** Functions that run here, under the rules of Affidavit: it is asked before, and told after. */

export interface WrapOptions<
  P extends readonly unknown[] = readonly unknown[],
  R = unknown,
> extends ActionContext {
  /** How much harm it can do; what an operator said of the verb counts for more. */
  readonly risk?: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';
  /** The service that it works on. */
  readonly provider?: string;
  /** How long it may take, in seconds; 300 unless said otherwise. Then its outcome is unknown. */
  readonly timeoutSeconds?: number;
  /** What is recorded as its arguments: its only one where that is an object, unless given. */
  readonly args?: (...given: P) => Args;
  /** What is recorded as its result: what it returns, unless given. */
  readonly result?: (returned: R) => unknown;
}

/** How the client reaches Affidavit. */
export interface Asking {
  /** `args` with what is bound to the client. */
  body(args: Args, options: ActionContext): Record<string, unknown>;
  json(method: string, path: string, options: CallOptions): Promise<unknown>;
}

type Begun = ActionRecord & { readonly expires_at?: string };

/** The same function, which asks before it runs. See `Affidavit.wrap`. */
export function wrapped<P extends readonly unknown[], R>(
  asking: Asking,
  verb: string,
  options: WrapOptions<P, R>,
  run: (...given: P) => R | Promise<R>,
): (...given: P) => Promise<R> {
  return async (...given) => {
    const begun = await begin(asking, verb, options, given);
    if (begun.outcome === 'replayed') return begun.result as R;
    const startedMs = performance.now();
    const since = () => Math.round((performance.now() - startedMs) * 10) / 10;
    const end = (outcome: object, ran: unknown) =>
      tell(asking, begun.execution_id, { ...outcome, duration_ms: since() }, ran);
    let returned: R;
    try {
      returned = await run(...given);
    } catch (error) {
      await end({ outcome: 'error', error_code: codeOf(error) }, error);
      throw error;
    }
    const shown = options.result ? options.result(returned) : returned;
    await end({ outcome: 'success', result: asJson(shown) }, undefined);
    return returned;
  };
}

async function begin<P extends readonly unknown[], R>(
  asking: Asking,
  verb: string,
  options: WrapOptions<P, R>,
  given: P,
): Promise<Begun> {
  const { risk, provider, timeoutSeconds, idempotencyKey, signal, traceparent } = options;
  const args = options.args ? options.args(...given) : argsOf(given);
  const body = {
    ...asking.body(recordable(args), options),
    ...(risk === undefined ? {} : { risk_level: risk }),
    ...(provider === undefined ? {} : { provider }),
    ...(timeoutSeconds === undefined ? {} : { timeout_seconds: timeoutSeconds }),
  };
  const asked = { body, idempotencyKey, signal, traceparent, timeoutMs: options.timeoutMs };
  return (await asking.json('POST', actionPath(verb, '/begin'), asked)) as Begun;
}

/** An outcome is told until it is on the record, or the deadline of the client is over. */
async function tell(asking: Asking, id: string, outcome: object, ran: unknown): Promise<void> {
  const path = `/v1/executions/${encodeURIComponent(id)}/outcome`;
  const idempotencyKey = `outcome-${id}`;
  try {
    await asking.json('POST', path, { body: outcome, idempotencyKey, safeToRepeat: true });
  } catch (error) {
    const known = error instanceof AffidavitApiError ? error : undefined;
    throw new AuditUnavailable(
      known?.code ?? 'audit_unavailable',
      'the function ran, but how it ended could not be recorded',
      {
        status: known?.status,
        executionId: id,
        advice: 'Do not run it again before you know what it did; the record says unknown.',
        problem: known?.problem,
        cause: ran ?? error,
      },
    );
  }
}

function argsOf(given: readonly unknown[]): Args {
  const [only] = given;
  const isObject = typeof only === 'object' && only !== null && !Array.isArray(only);
  if (given.length === 1 && isObject) return only as Args;
  return given.length === 0 ? {} : { arguments: given };
}

/** Nothing runs whose arguments cannot be told. */
function recordable(args: Args): Args {
  const shown = asJson(args);
  if (typeof shown === 'object' && shown !== null && !Array.isArray(shown)) return shown;
  throw new AffidavitApiError('invalid_request', 'the arguments cannot be written as JSON', {
    field: 'args',
    expected: 'an object that JSON can say',
    advice: 'Say with `args` in the options of wrap what is recorded; the function did not run.',
  });
}

/** What JSON can say of it; undefined where that is nothing. */
function asJson(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}

/** The code of an error, or its name: never its message, which may say more than it should. */
function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const found = [code, name].find((one) => typeof one === 'string' && one !== '');
  return String(found ?? 'error').slice(0, 128);
}
