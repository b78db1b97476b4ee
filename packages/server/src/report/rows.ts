import { clip, plain, sentenceOf, type AuditRecord } from '@affidavit/schema';

import { escapeHtml } from '../escape-html.ts';
import type { Layout } from './kinds.ts';
import { actorOf, hostOf } from './tally.ts';

/** Entries as rows of a table. All that stands in them was written by others. */

const TEXT_CHARACTERS = 600;

/** On one line, without what could hide or turn other text, for any place in HTML. */
export const shownText = (value: unknown): string =>
  escapeHtml(clip(plain(value), TEXT_CHARACTERS));

/** The date and the time of an entry, on two lines. */
const timeHtml = ({ created_at }: AuditRecord) => {
  const text = plain(created_at);
  return `<td class="t"><b>${escapeHtml(text.slice(0, 10))}</b> ${escapeHtml(text.slice(11, 23))}</td>`;
};

/** Of an intent: how it ended is an entry of its own. */
const isIntent = ({ outcome, policy_decision }: AuditRecord) =>
  outcome === undefined && policy_decision === 'ALLOW';

function endOf(record: AuditRecord): readonly [text: string, mood: string] {
  if (isIntent(record)) return ['allowed by policy', 'open'];
  const { result, mood } = sentenceOf(record);
  if (record.outcome === undefined) return [record.source === 'reported' ? '' : 'noted', 'open'];
  return [result, mood];
}

/** What an entry says beside its sentence. */
function detailsOf(record: AuditRecord): string {
  const { run_id, task_context, token_id, source_ip, event_type, source, event_id } = record;
  const { scope_granted, scope_downscoped, execution_id, category, args } = record;
  const facts: readonly (readonly [string, unknown])[] = [
    ['', source === 'reported' ? `reported as ${event_type}` : event_type],
    ['task', task_context],
    ['run', run_id],
    ['scopes', scope_granted?.join(' ')],
    ['', scope_downscoped === true ? 'fewer than asked for' : undefined],
    ['with', category === 'admin' ? args : undefined],
    ['token', token_id],
    ['execution', execution_id],
    ['from', source_ip],
    ['entry', event_id],
  ];
  return facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => shownText(`${name} ${plain(value)}`.trim()))
    .join(' · ');
}

function entryRow(record: AuditRecord): string {
  const { who, what, forWhom, credential, why } = sentenceOf(record);
  const said = [what, forWhom, credential, why].filter(Boolean).join(' ');
  const [end, mood] = endOf(record);
  return (
    `<tr><td class="n">${record.seq}</td>${timeHtml(record)}` +
    `<td><b>${shownText(who)}</b> ${shownText(said)}<div class="d">${detailsOf(record)}</div></td>` +
    `<td class="${mood}">${shownText(end)}</td></tr>\n`
  );
}

/** The columns of 45 CFR 164.528(b)(2): date, recipient with address, description, purpose. */
function disclosureRow(record: AuditRecord): string {
  const { principal_email, principal_id, principal_type, provider, url, event_id } = record;
  const { what } = sentenceOf(record);
  const [end, mood] = endOf(record);
  const { reason, task_context } = record;
  return (
    `<tr><td class="n">${record.seq}</td>${timeHtml(record)}` +
    `<td><b>${shownText(provider ?? '')}</b> ${shownText(hostOf(url))}</td>` +
    `<td>${shownText(principal_email ?? principal_id ?? principal_type)}</td>` +
    `<td>${shownText(what)}<div class="d">by ${shownText(actorOf(record))} · ` +
    `entry ${shownText(event_id)}</div></td>` +
    `<td>${shownText(reason ?? task_context ?? 'none was stated')}</td>` +
    `<td class="${mood}">${shownText(end)}</td></tr>\n`
  );
}

const COLUMNS: Readonly<Record<Layout, readonly (readonly [title: string, kind: string])[]>> = {
  entries: [
    ['Position', 'cn'],
    ['Time (UTC)', 'ct'],
    ['Who did what', ''],
    ['What came of it', 'ce'],
  ],
  disclosures: [
    ['Position', 'cn'],
    ['Date (UTC)', 'ct'],
    ['Received by', 'cr'],
    ['Whose', 'cr'],
    ['What', ''],
    ['Purpose', 'cr'],
    ['Result', 'cr'],
  ],
};

export const rowHtml = (record: AuditRecord, layout: Layout): string =>
  layout === 'entries' ? entryRow(record) : disclosureRow(record);

export const tableHead = (layout: Layout): string =>
  `<table class="e"><thead><tr>${COLUMNS[layout]
    .map(([title, kind]) => `<th scope="col" class="${kind}">${title}</th>`)
    .join('')}</tr></thead><tbody>\n`;
