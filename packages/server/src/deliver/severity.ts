/** How grave an outcome is, in the words and numbers of formats that want to know. */
export interface Severity {
  readonly name: 'INFO' | 'WARN' | 'ERROR';
  /** SeverityNumber of OpenTelemetry. */
  readonly otlp: number;
  /** RFC 5424, section 6.2.1. */
  readonly syslog: number;
}

const INFO: Severity = { name: 'INFO', otlp: 9, syslog: 6 };
const WARN: Severity = { name: 'WARN', otlp: 13, syslog: 4 };
const ERROR: Severity = { name: 'ERROR', otlp: 17, syslog: 3 };

const BY_OUTCOME: ReadonlyMap<unknown, Severity> = new Map([
  ['policy_denied', WARN],
  ['blocked', WARN],
  ['provider_error', ERROR],
  ['network_error', ERROR],
  ['error', ERROR],
  ['unknown', ERROR],
]);

export const severityOf = (outcome: unknown): Severity => BY_OUTCOME.get(outcome) ?? INFO;
