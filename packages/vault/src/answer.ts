import { AffidavitError, LIMITS, type AuditEvent } from '@affidavit/schema';

import { entryTypes, isAction, keptResult, resultOf } from './actions/entries.ts';
import type { OpenCredential } from './credential.ts';
import type { ProviderAnswer, ProviderFailure, ProviderResult } from './egress/call.ts';
import { stripSensitiveHeaders } from './egress/headers.ts';
import type { OutgoingBody } from './target.ts';

/** What the agent gets: the provider's answer, without any trace of the credential. */
export interface CallAnswer {
  readonly execution_id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Text, or base64 where the bytes are not UTF-8. */
  readonly body: string;
  readonly body_encoding: 'utf8' | 'base64';
  readonly latency_ms: number;
  readonly retry_count: number;
  readonly outcome: 'success' | 'provider_error';
  readonly final_url: string;
  readonly redirects: readonly { readonly status: number; readonly url: string }[];
}

interface Asked {
  readonly execution_id: string;
  readonly facts: Partial<AuditEvent>;
  readonly outgoing: OutgoingBody;
  readonly body: { readonly headers?: Readonly<Record<string, string>> | undefined };
}

/** The outcome for the record, with what the caller gets. */
type Read = { readonly event: AuditEvent } & (
  | { readonly answer: CallAnswer }
  | { readonly failure: AffidavitError }
);

/** Beyond what is kept, enough is handed on for redaction by name to see whole JSON bodies. */
const RECORD_TEXT_MAX = 1024 * 1024;

/** Scrubs what came back and makes of it the outcome for the record and the answer for the agent. */
export function readAnswer(call: Asked, credential: OpenCredential, result: ProviderResult): Read {
  const event = { ...call.facts, ...requestFacts(call, credential), ...callFacts(result) };
  if (result.kind === 'failure') return failed(call, event, result);
  return answered(call, event, credential, result);
}

function requestFacts(call: Asked, { scrubber, headerName }: OpenCredential): Partial<AuditEvent> {
  const { outgoing, body } = call;
  const facts: Partial<AuditEvent> = { credential_masked: true };
  const { headers } = stripSensitiveHeaders(body.headers ?? {}, headerName ? [headerName] : []);
  if (Object.keys(headers).length > 0) {
    facts.request_headers = scrubber.value(headers) as Record<string, string>;
  }
  if (outgoing.text !== undefined) facts.request_body = scrubber.text(outgoing.text);
  return facts;
}

function callFacts({ latency_ms, retry_count }: ProviderResult): Partial<AuditEvent> {
  return { latency_ms, retry_count };
}

function failed(call: Asked, facts: Partial<AuditEvent>, result: ProviderFailure): Read {
  const { execution_id } = call;
  const blocked = result.reason === 'blocked';
  const code = blocked ? 'egress_blocked' : 'provider_unreachable';
  const failure = new AffidavitError(code, result.message, {
    extra: {
      execution_id,
      reason: result.reason,
      retry_count: result.retry_count,
      latency_ms: result.latency_ms,
    },
  });
  const event: AuditEvent = {
    event_type: entryTypes(facts).outcome,
    ...facts,
    outcome: blocked ? 'blocked' : 'network_error',
    error_code: blocked ? code : `network_${result.reason}`,
  };
  return { event, failure };
}

function answered(
  call: Asked,
  facts: Partial<AuditEvent>,
  { scrubber, headerName }: OpenCredential,
  result: ProviderAnswer,
): Read {
  const { status, latency_ms, retry_count } = result;
  const headers = scrubber.value(
    stripSensitiveHeaders(result.headers, headerName ? [headerName] : []).headers,
  ) as Record<string, string | string[]>;
  const bytes = scrubber.bytes(result.body);
  const { body, body_encoding } = asText(bytes);
  const outcome = status >= 400 ? 'provider_error' : 'success';
  const event: AuditEvent = {
    event_type: entryTypes(facts).outcome,
    ...facts,
    response_status: status,
    response_headers: headers,
    ...receivedFacts(facts, body, body_encoding),
    outcome,
    ...(outcome === 'success' ? {} : { error_code: `http_${status}` }),
  };
  const answer: CallAnswer = {
    execution_id: call.execution_id,
    status,
    headers,
    body,
    body_encoding,
    latency_ms,
    retry_count,
    outcome,
    final_url: scrubber.text(result.final_url),
    redirects: result.redirects.map((hop) => ({ ...hop, url: scrubber.text(hop.url) })),
  };
  return { event, answer };
}

/** What came back: the body of a call, the result of an action. */
function receivedFacts(
  facts: Partial<AuditEvent>,
  body: string,
  encoding: CallAnswer['body_encoding'],
): Partial<AuditEvent> {
  if (body === '') return {};
  if (isAction(facts)) return { result: keptResult(resultOf(body, encoding)) };
  const truncated = body.length > LIMITS.bodyBytes ? { response_body_truncated: true } : {};
  return { response_body: body.slice(0, RECORD_TEXT_MAX), ...truncated };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function asText(bytes: Uint8Array): Pick<CallAnswer, 'body' | 'body_encoding'> {
  try {
    return { body: decoder.decode(bytes), body_encoding: 'utf8' };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), body_encoding: 'base64' };
  }
}
