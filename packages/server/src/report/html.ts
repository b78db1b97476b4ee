import { createHash } from 'node:crypto';

import { escapeHtml } from '../escape-html.ts';
import type { Frame, SectionHead, Summary, Writer } from './frame.ts';
import { shownText, tableHead } from './rows.ts';
import { STYLE } from './style.ts';
import { titleOf, type Counts } from './tally.ts';

/** A report as one page that prints: no scripts, nothing from elsewhere. */

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** The page can load nothing and run nothing; its one style sheet is named by its hash. */
export const REPORT_CSP = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;

const number = (value: number) => value.toLocaleString('en-US');
/** UTC; the page says so once. */
const shownTime = (time: string | null) =>
  time === null ? '—' : `${time.slice(0, 10)} ${time.slice(11, 19)}`;

const fact = (name: string, value: string) =>
  `<tr><th scope="row">${shownText(name)}</th><td>${shownText(value)}</td></tr>\n`;

const table = (rows: string) => `<table class="f"><tbody>\n${rows}</tbody></table>\n`;

function askedText({ asked }: Frame): string {
  const parts = Object.entries(asked).map(([name, value]) => {
    return `${name} = ${typeof value === 'string' ? value : value.join(' or ')}`;
  });
  return parts.length === 0 ? 'everything' : parts.join('; ');
}

function questionOf({ outline, subject }: Frame): string {
  return outline.question.replace('{subject}', () => subject);
}

function head(frame: Frame): string {
  const { outline, origin, app_id, from, to, made_at, made_by, identifiers, export_id } = frame;
  const title = `${outline.title} — ${origin}`;
  const known = identifiers.length === 0 ? '' : fact('Looked for', identifiers.join(', '));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(REPORT_CSP)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shownText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="k">Affidavit · ${shownText(origin)}</p>
<h1>${shownText(outline.title)}</h1>
<p class="q">${shownText(questionOf(frame))}</p>
${table(
  fact('App', app_id) +
    known +
    fact('From', from ?? 'the beginning of the ledger') +
    fact('To (exclusive)', to ?? 'the end of the ledger when it was made') +
    fact('Asked for', askedText(frame)) +
    fact('Made at', `${shownTime(made_at)} UTC, by ${made_by}`) +
    fact('Number of this report', export_id),
)}</header>
`;
}

const figure = (value: string, name: string, kind = '') =>
  `<div class="${kind}"><b>${shownText(value)}</b><span>${shownText(name)}</span></div>`;

function figures(counts: Counts): string {
  const { first_at, last_at, last_used_at } = counts;
  return `<div class="g">${[
    figure(number(counts.entries), 'entries'),
    figure(number(counts.calls), 'calls made'),
    figure(number(counts.refused), 'refused'),
    figure(number(counts.failed), 'failed or unknown'),
    figure(shownTime(first_at), 'first (UTC)', 's'),
    figure(shownTime(last_at), 'last (UTC)', 's'),
    ...(last_used_at === null ? [] : [figure(shownTime(last_used_at), 'last use (UTC)', 's')]),
  ].join('')}</div>\n`;
}

const NUMBERS = [
  ['Entries', 'entries'],
  ['Calls', 'calls'],
  ['Refused', 'refused'],
  ['Failed', 'failed'],
] as const;

/** By groups; numbers that are nought everywhere are left out. */
function groupTable({ outline }: Frame, { counts, groups }: Summary): string {
  if (groups.length === 0) return '';
  const numbers = NUMBERS.filter(([, name]) => counts[name] > 0);
  const titles = [
    ...outline.groupBy.map((one) => `<th scope="col">${titleOf(one)}</th>`),
    ...numbers.map(([title]) => `<th scope="col" class="cc">${title}</th>`),
    ...['First (UTC)', 'Last (UTC)'].map((one) => `<th scope="col" class="ct">${one}</th>`),
  ];
  const rows = groups.map(({ names, counts: of }) => {
    const cells = [
      ...names.map((name) => `<td>${shownText(name)}</td>`),
      ...numbers.map(([, name]) => `<td class="r">${number(of[name])}</td>`),
      ...[of.first_at, of.last_at].map((time) => `<td class="t">${shownTime(time)}</td>`),
    ];
    return `<tr>${cells.join('')}</tr>\n`;
  });
  return `<h2>${shownText(outline.groupTitle)}</h2>
<table class="e"><thead><tr>${titles.join('')}</tr></thead><tbody>
${rows.join('')}</tbody></table>\n`;
}

const NOTHING =
  '<p>No entry of the ledger fits. That is an answer too: it is under the checkpoint below.</p>\n';

function summary(frame: Frame, found: Summary): string {
  const { counts, facts } = found;
  const blocks = facts.map(
    ({ title, rows }) =>
      `<h2>${shownText(title)}</h2>\n${table(rows.map(([name, value]) => fact(name, value)).join(''))}`,
  );
  const notes = frame.outline.notes.map((note) => `<li>${shownText(note)}</li>\n`).join('');
  return `<main>
<h2>In short</h2>
${counts.entries === 0 ? NOTHING : figures(counts)}
${blocks.join('')}${groupTable(frame, found)}<h2>How to read it</h2>
<ul>${notes}</ul>
`;
}

function openSection({ title, about, layout, counts }: SectionHead): string {
  const many = counts.entries === 1 ? '1 entry' : `${number(counts.entries)} entries`;
  const opening = `<section>\n<h2>${shownText(title)}</h2>\n<p>${shownText(about)} <b>${many}.</b></p>\n`;
  return counts.entries === 0 ? opening : opening + tableHead(layout);
}

function end(frame: Frame, missing: number): string {
  const { origin, vkey, size, checkpoint, export_id, app_id } = frame;
  const gone =
    missing === 0
      ? ''
      : `<p class="w">${number(missing)} entries were removed by retention or erasure while this report was made; they are counted above and not shown.</p>\n`;
  return `${gone}<section class="v">
<h2>How to check it</h2>
<p>Nothing here has to be believed. Every entry above is a leaf of a signed, append-only ledger.</p>
<ol>
<li>This very file: compare <code>sha256sum report.html</code> with <code>GET /v1/events/exports/${shownText(export_id)}</code>,
which is itself an entry of the ledger.</li>
<li>The entries: take the evidence bundle with the same filter
(<code>affidavit report … --bundle report.tar</code>) and check it offline:
<code>affidavit verify report.tar --vkey KEY</code>. KEY is the verifier key as you were given it by another way.</li>
<li>A single entry: <code>GET /v1/events/{entry}/evidence</code>.</li>
</ol>
${table(
  fact('Ledger', origin) +
    fact('App', app_id) +
    fact('Verifier key', vkey) +
    fact('Entries under the checkpoint', number(size)),
)}<p>The signed checkpoint that this report was made under:</p>
<pre>${escapeHtml(checkpoint)}</pre>
</section>
</main>
</body>
</html>
`;
}

export const HTML_WRITER: Writer = {
  head,
  summary,
  openSection,
  betweenRows: '',
  closeSection: ({ counts }) =>
    counts.entries === 0 ? '</section>\n' : '</tbody></table>\n</section>\n',
  end: (frame, { missing }) => end(frame, missing),
};
