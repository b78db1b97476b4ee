import type { BundleManifest } from '@affidavit/ledger';

import { escapeHtml } from '../escape-html.ts';

/** The page in a bundle for the auditor who opens it: no scripts, nothing from elsewhere. */

export interface PageFacts {
  readonly manifest: Omit<BundleManifest, 'sha256sums'>;
  /** Entries under the checkpoint. */
  readonly size: number;
  readonly vkeys: readonly string[];
}

const row = (name: string, value: string | number) =>
  `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`;

function questionOf({ filter }: PageFacts['manifest']): string {
  const asked = Object.entries(filter).map(([name, value]) => {
    return `${name} = ${typeof value === 'string' ? value : value.join(' or ')}`;
  });
  return asked.length === 0 ? 'everything' : asked.join('; ');
}

function contentRows({ manifest, size, vkeys }: PageFacts): string {
  const { entries, first_seq, last_seq, parts, missing_parts, origin, created_at } = manifest;
  return [
    row('Ledger', origin),
    row('Made at', created_at),
    row('Asked for', questionOf(manifest)),
    row('From', manifest.from ?? 'the beginning'),
    row('To (exclusive)', manifest.to ?? 'the end'),
    row('Entries', entries),
    row('Positions in the ledger', first_seq === null ? 'none' : `${first_seq} to ${last_seq}`),
    row('Parts shown', parts),
    row('Parts erased or past retention', missing_parts),
    row('Size of the ledger at that time', size),
    ...vkeys.map((vkey) => row('Verifier key', vkey)),
  ].join('\n');
}

const COMPLETE = `<li>That there is nothing else in this time: every position between the first and the
last is shown, from the entry before the range to the entry after it. Even entries whose contents are
gone show that they were there.</li>`;

const PROVED = `<li>That each entry stood at its position in this ledger when the checkpoint was signed, with
exactly this time and identifier, and has not been changed, moved or inserted since.</li>
<li>That each part that is shown is exactly what was recorded. A part that was erased, or whose
retention has ended, is missing; what it said is not shown, and the rest stays proved.</li>`;

const WORD_OF_SERVER = `<li>That there are no further entries which match what was asked for. The entries were chosen
by the server, which has signed for the choice and the counts. To have completeness proved, ask for a
range of time without any other filter.</li>`;

const NOT_PROVED = `<li>That what was recorded is true: <code>source: reported</code> is what a client has said,
<code>source: observed</code> what Affidavit itself has seen.</li>
<li>That everybody is shown the same ledger. Compare the checkpoint with one you have received by
another way, or with what witnesses have cosigned.</li>
<li>Who the key belongs to. This file carries the key so that it can be read, but whoever forges a file
can forge that as well: compare the verifier key with one that you were given by another way.</li>
<li>Anything after the checkpoint.</li>`;

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}' +
  'th{text-align:left;vertical-align:top;padding-right:1em;font-weight:600}' +
  'td{overflow-wrap:anywhere}pre{background:#eee;padding:1em;overflow:auto}';

export function bundlePage(facts: PageFacts): string {
  const isRange = facts.manifest.scope === 'range';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence bundle of ${escapeHtml(facts.manifest.origin)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Evidence bundle</h1>
<p>Entries of an audit ledger, with everything that is needed to check them without asking anyone.</p>
<table>
${contentRows(facts)}
</table>
<h2>How to check it</h2>
<pre>affidavit verify --vkey KEY bundle.tar
python3 affidavit_verify.py --vkey KEY bundle.tar</pre>
<p>KEY is the verifier key of the ledger, as you were given it. Both programs work offline. The format
is written down in <code>docs/ledger-format.md</code> of Affidavit, so that you can write your own.</p>
<h2>What it proves</h2>
<ul>
${PROVED}
${isRange ? COMPLETE : ''}
</ul>
<h2>What it does not prove</h2>
<ul>
${isRange ? '' : WORD_OF_SERVER}
${NOT_PROVED}
</ul>
<h2>What is in it</h2>
<ul>
<li><code>entries/</code>: one entry on each line, as JSON, by position. <code>header</code> is what the
ledger holds, <code>parts</code> the record with the salts of its commitments, <code>path</code> the
proof of its position.</li>
<li><code>checkpoint</code>: the signed head of the ledger that all of it is proved against.</li>
<li><code>keys.json</code>: the keys of the ledger, and how each handed over to the next.</li>
<li><code>manifest</code>: what was asked for and what was found, signed by the ledger, over
<code>SHA256SUMS</code>, which covers every file (<code>sha256sum -c SHA256SUMS</code>).</li>
</ul>
</body>
</html>
`;
}
