import { createHash } from 'node:crypto';

import { AffidavitError, newId } from '@affidavit/schema';

import type { LedgerHead, LedgerKey } from '../../prove/head.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import type { Frame } from '../../report/frame.ts';
import { HTML_WRITER, REPORT_CSP } from '../../report/html.ts';
import { JSON_WRITER } from '../../report/json.ts';
import { REPORT_KINDS, type ReportKind } from '../../report/kinds.ts';
import { OUTLINES } from '../../report/outlines/index.ts';
import type { ReportFormat } from '../../report/read.ts';
import { readSubject, SUBJECT_NAMES, type Subject } from '../../report/subject.ts';
import { writeReport, type Reporting } from '../../report/write.ts';
import type { WitnessView } from '../../witnessing/reads.ts';
import { requestFields } from '../administer.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { sendPieces } from '../send-pieces.ts';
import { recordAccess, shown } from '../trail-reads.ts';
import { eventIdOf } from './export.ts';

/** Compliance reports: the questions of auditors, each answered in one step. */

const OWN_QUERY = ['format', 'secret_id', 'app_id'] as const;
const BUNDLE_QUERY_CHARACTERS = 4000;

const FORMATS = {
  html: [HTML_WRITER, 'text/html; charset=utf-8'],
  json: [JSON_WRITER, 'application/json; charset=utf-8'],
} as const;

interface LedgerState {
  readonly head: LedgerHead;
  readonly keys: readonly LedgerKey[];
  readonly witnesses: readonly WitnessView[];
}

/** What was asked, checked. */
interface Wish {
  readonly kind: ReportKind;
  readonly format: ReportFormat;
  readonly filter: Filter;
  readonly subject: Subject;
}

function readKind({ params }: Context): ReportKind {
  const kind = REPORT_KINDS.find((one) => one === params.kind);
  if (kind) return kind;
  throw new AffidavitError('not_found', 'there is no such report', {
    field: 'kind',
    expected: `one of ${REPORT_KINDS.join(', ')}`,
  });
}

function readFormat({ query }: Context): ReportFormat {
  const format = single(query, 'format') ?? 'html';
  if (format === 'html' || format === 'json') return format;
  throw new AffidavitError('invalid_request', 'the format is not known', {
    field: 'format',
    expected: 'html or json',
  });
}

async function readWish(context: Context): Promise<Wish> {
  const { query, app, services } = context;
  const kind = readKind(context);
  const format = readFormat(context);
  const { subject: about } = OUTLINES[kind];
  const names = SUBJECT_NAMES[about];
  // All of it is checked as filters are; the subject is then looked for under all its names.
  parseFilter(query, OWN_QUERY);
  const filter = parseFilter(query, [...OWN_QUERY, ...names]);
  const { directory } = services;
  const subject = await readSubject(about, { app: app.app, query, directory });
  return { kind, format, filter, subject };
}

async function sendReport(context: Context): Promise<undefined> {
  const wish = await readWish(context);
  const { kind, format, filter, subject } = wish;
  const { app, services } = context;
  const export_id = newId('export');
  const conditions = [...filter.conditions, ...(subject.within(undefined)?.conditions ?? [])];
  const asked = { ...filter, conditions };
  await recordAccess(context, {
    event_type: 'trail.exported',
    args: { export_id, report: kind, format, filter: shown(asked) },
  });
  const ledger = await services.readers.run<LedgerState>('ledger', { app: app.app });
  const frame = frameOf(context, wish, export_id, ledger);
  const [writer, type] = FORMATS[format];
  const reporting: Reporting = {
    services,
    app,
    filter,
    subject,
    format,
    writer,
    frame,
    witnesses: ledger.witnesses,
    signal: whileConnected(context),
  };
  const name = `affidavit-${app.app_id}-${kind}.${format}`;
  const headers = {
    'content-type': type,
    'content-disposition': `${format === 'html' ? 'inline' : 'attachment'}; filename="${name}"`,
    'content-security-policy': `${REPORT_CSP}; frame-ancestors 'none'; sandbox`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'affidavit-export-id': export_id,
    'affidavit-bundle-query': bundleQuery(context, asked, wish),
  };
  return sendPieces(context, headers, withManifest(context, { frame, format, asked }, reporting));
}

function frameOf(
  context: Context,
  { kind, filter, subject }: Wish,
  export_id: string,
  { head, keys }: LedgerState,
): Frame {
  const { query, app, services } = context;
  const current = keys.at(-1) as LedgerKey;
  const { actor_type, actor_name, actor_id } = requestFields(context);
  const { format: _, app_id: __, ...asked } = query;
  const timeOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    kind,
    outline: OUTLINES[kind],
    export_id,
    app_id: app.app_id,
    origin: current.origin,
    vkey: current.verifier_key,
    size: head.size,
    checkpoint: head.checkpoint,
    made_at: new Date(services.now()).toISOString(),
    made_by: actor_name ?? `${actor_type} ${actor_id}`,
    subject: subject.label,
    identifiers: subject.identifiers,
    asked,
    from: timeOf(filter.from),
    to: timeOf(filter.to),
  };
}

/** Aborts when the client goes away before it has its answer. */
function whileConnected({ reply }: Context): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}

/** The query of `GET /v1/events/bundle` that has all these entries. */
function bundleQuery({ query }: Context, { conditions }: Filter, { subject }: Wish): string {
  const names = new Set<string>(Object.values(SUBJECT_NAMES).flat());
  const pairs: [string, string][] = [];
  for (const [name, given] of Object.entries(query)) {
    if ((OWN_QUERY as readonly string[]).includes(name) || names.has(name)) continue;
    for (const value of [given].flat()) pairs.push([name, value]);
  }
  const own = subject.within(undefined)?.conditions ?? [];
  const [first] = own.length === 0 ? [] : conditions.slice(-1);
  const field = first?.fields[0];
  const name = field === 'principal_id' ? 'user' : field === 'agent_id' ? 'agent' : field;
  const all = first && name ? first.values.map((value): [string, string] => [name, value]) : [];
  const whole = new URLSearchParams([...pairs, ...all]).toString();
  return whole.length <= BUNDLE_QUERY_CHARACTERS ? whole : new URLSearchParams(pairs).toString();
}

interface Recorded {
  readonly frame: Frame;
  readonly format: ReportFormat;
  readonly asked: Filter;
}

/** Its manifest is an entry, as that of an export is: the page can be told from one that was changed. */
async function* withManifest(
  context: Context,
  { frame, format, asked }: Recorded,
  reporting: Reporting,
) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of writeReport(reporting)) {
    bytes += Buffer.byteLength(piece);
    hash.update(piece);
    yield piece;
  }
  const { export_id, kind, size, checkpoint } = frame;
  const sha256 = hash.digest('hex');
  const filter = shown(asked);
  await recordAccess(context, {
    event_id: eventIdOf(export_id),
    event_type: 'trail.export_completed',
    args: { export_id, report: kind, format, filter, bytes, sha256, size, checkpoint },
  });
}

export const complianceRoutes: readonly Route[] = [
  route({
    access: 'events:read',
    tag: 'trail',
    method: 'GET',
    path: '/v1/reports/:kind',
    summary: `A compliance report, one of ${REPORT_KINDS.join(', ')}, as a page that prints or as JSON`,
    filters: true,
    query: OWN_QUERY,
    streams: true,
    slots: 'longAnswers',
    produces: 'text/html',
    errors: ['not_found', 'unknown_filter', 'query_timeout', 'overloaded', 'audit_unavailable'],
    handler: sendReport,
  }),
];
