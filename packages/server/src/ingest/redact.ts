import {
  isSensitiveKey,
  LIMITS,
  maskSensitive,
  maskUrl,
  SECRET_FIELDS,
  SENSITIVE_HEADERS,
  type AuditEvent,
  type FieldName,
  type Json,
} from '@affidavit/schema';

/**
 * Takes credentials out of an event before anything is hashed or stored, in every field that the
 * schema marks as secret, and cuts bodies to what is kept. Sets `credential_masked` when it took
 * something.
 */
export function redactEvent(event: AuditEvent): AuditEvent {
  const changes: Record<string, unknown> = {};
  let masked = false;
  for (const field of SECRET_FIELDS) {
    const value = event[field];
    if (value === undefined) continue;
    const redacted = redactField(field, value);
    masked ||= redacted.masked;
    if (redacted.value !== value) changes[field] = redacted.value;
    if (redacted.truncated) changes[`${field}_truncated`] = true;
  }
  if (masked) changes.credential_masked = true;
  return Object.keys(changes).length === 0 ? event : { ...event, ...changes };
}

interface Redacted {
  readonly value: unknown;
  readonly masked: boolean;
  readonly truncated?: boolean;
}

function redactField(field: FieldName, value: unknown): Redacted {
  switch (field) {
    case 'url': {
      const { url, masked } = maskUrl(value as string);
      return { value: url, masked };
    }
    case 'request_headers':
    case 'response_headers':
      return redactHeaders(value as Record<string, unknown>);
    case 'request_body':
    case 'response_body':
      return redactBody(value as Json);
    default:
      return maskSensitive(value);
  }
}

function redactHeaders(headers: Record<string, unknown>): Redacted {
  const names = Object.keys(headers);
  const kept = names.filter((name) => !SENSITIVE_HEADERS.has(name.trim().toLowerCase()));
  if (kept.length === names.length) return { value: headers, masked: false };
  return { value: Object.fromEntries(kept.map((name) => [name, headers[name]])), masked: true };
}

function redactBody(body: Json): Redacted {
  const { value, masked } = typeof body === 'string' ? redactText(body) : maskSensitive(body);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (Buffer.byteLength(text) <= LIMITS.bodyBytes) return { value, masked };
  return { value: cutText(text), masked, truncated: true };
}

/** Larger texts are not parsed; the part of them that is kept is masked by pattern. */
const PARSE_MAX = 1024 * 1024;

/** A text body: JSON and forms are masked by name, all else is left to exact-value scrubbing. */
function redactText(text: string): { value: string; masked: boolean } {
  if (/^\s*[[{]/.test(text)) {
    if (text.length > PARSE_MAX) return redactFragment(text.slice(0, PARSE_MAX));
    try {
      const { value, masked } = maskSensitive(JSON.parse(text));
      return { value: masked ? JSON.stringify(value) : text, masked };
    } catch {
      return redactFragment(text);
    }
  }
  return /^\s*[\w.~%+[\]&-]+=\S*\s*$/.test(text)
    ? redactForm(text)
    : { value: text, masked: false };
}

/** JSON that is cut or broken: members with a sensitive name, as far as they can be made out. */
function redactFragment(text: string): { value: string; masked: boolean } {
  const value = text.replaceAll(
    /"([^"\\]{1,64})"(\s*:\s*)("(?:[^"\\]|\\.)*"?|[-\d.eE+]+)/g,
    (whole, name: string, colon: string) =>
      isSensitiveKey(name) ? `"${name}"${colon}"[masked]"` : whole,
  );
  return { value, masked: value !== text };
}

/** A form is written like the query of a URL. */
function redactForm(text: string): { value: string; masked: boolean } {
  const { url, masked } = maskUrl(`?${text}`);
  return { value: url.slice(1), masked };
}

/** The longest beginning of a text that fits, without cutting a character in two. */
export function cutText(text: string, bytes: number = LIMITS.bodyBytes): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && (whole[end]! & 0xc0) === 0x80) end--;
  return whole.toString('utf8', 0, end);
}
