/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/) from the caller's OpenTelemetry, where
 * the host has it. `@opentelemetry/api` is looked for once and is never required.
 */

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** The little of `@opentelemetry/api` 1.x that is read here. */
interface TracingApi {
  readonly context: { active(): unknown };
  readonly trace: { getSpanContext(context: unknown): SpanContext | undefined };
}

const PACKAGE = '@opentelemetry/api';
const ZERO_TRACE = '0'.repeat(32);
let lookup: Promise<TracingApi | null> | undefined;

async function find(): Promise<TracingApi | null> {
  try {
    const name: string = PACKAGE;
    const found = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as TracingApi;
    return typeof found.trace?.getSpanContext === 'function' ? found : null;
  } catch {
    return null;
  }
}

/** Version 00 of the header: `00-<32 hex>-<16 hex>-<2 hex>`. */
export function formatTraceparent(span: SpanContext): string {
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, '0');
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/** The header value for the active span, or undefined when there is none. Never throws. */
export async function activeTraceparent(): Promise<string | undefined> {
  const api = await (lookup ??= find());
  if (!api) return undefined;
  try {
    const span = api.trace.getSpanContext(api.context.active());
    return span && span.traceId !== ZERO_TRACE ? formatTraceparent(span) : undefined;
  } catch {
    return undefined;
  }
}
