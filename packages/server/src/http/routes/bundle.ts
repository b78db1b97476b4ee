import {
  BUNDLE_MEMBERS,
  BundleWriter,
  canonicalize,
  entriesMember,
  type BundleManifest,
} from '@affidavit/ledger';

import type { BundleFrame, BundleLines, BundleStep } from '../../prove/bundle.ts';
import { bundlePage } from '../../prove/bundle-page.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { nativeSha256 } from '../../sequence/hash.ts';
import type { Context } from '../route.ts';
import { sendPieces } from '../send-pieces.ts';
import { recordAccess, shown } from '../trail-reads.ts';

/** Evidence bundles (docs/ledger-format.md, section 15): made while they are read. */

/** Only times: then that there is nothing else is proved as well. */
const isRange = ({ conditions, words, phrases }: Filter) =>
  conditions.length + words.length + phrases.length === 0;

export async function sendBundle(context: Context): Promise<undefined> {
  const { query, app, services } = context;
  const filter = parseFilter(query, ['app_id']);
  await recordAccess(context, {
    event_type: 'trail.exported',
    args: { format: 'bundle', filter: shown(filter) },
  });
  const frame = await services.readers.run<BundleFrame>('bundleFrame', { app: app.app, filter });
  const headers = {
    'content-type': 'application/x-tar',
    'content-disposition': `attachment; filename="affidavit-${app.app_id}-evidence.tar"`,
  };
  return sendPieces(context, headers, writeBundle(context, filter, frame));
}

async function* writeBundle(context: Context, filter: Filter, frame: BundleFrame) {
  const writer = new BundleWriter(nativeSha256);
  const { keys, checkpoint, size } = frame;
  const listed = keys.map(({ vkey, from_size, to_size, change }) => {
    return { vkey, from_size, to_size, ...(change === undefined ? {} : { change }) };
  });
  yield writer.add(BUNDLE_MEMBERS.keys, `${canonicalize(listed)}\n`);
  yield writer.add(BUNDLE_MEMBERS.checkpoint, checkpoint);
  const counts = new Counts();
  let members = 0;
  for await (const lines of readLines(context, filter, frame)) {
    counts.add(lines);
    if (lines.text !== '') yield writer.add(entriesMember(members++), lines.text);
  }
  const facts = describe(context, filter, frame, counts);
  const vkeys = keys.map(({ vkey }) => vkey);
  yield writer.add(BUNDLE_MEMBERS.page, bundlePage({ manifest: facts, size, vkeys }));
  const manifest = { ...facts, sha256sums: writer.sha256sums };
  const { app, services } = context;
  const vkey = vkeys.at(-1) as string;
  yield writer.end(await services.signManifest({ app: app.app, vkey, manifest }));
}

/** Step by step, each from a snapshot of its own: entries never change. */
async function* readLines(
  { services, app }: Context,
  filter: Filter,
  { size, first, end }: BundleFrame,
): AsyncGenerator<BundleLines> {
  const span = isRange(filter) ? spanWithBorders(filter, { size, first, end }) : { first, end };
  let step: BundleStep = {
    app: app.app,
    size,
    filter: isRange(filter) ? null : filter,
    borders: [],
    previous: null,
    ...span,
  };
  if (step.first >= step.end) return;
  for (;;) {
    const lines = await services.readers.run<BundleLines>('bundleLines', step);
    yield lines;
    if (lines.next === null) return;
    step = { ...step, first: lines.next, previous: lines.previous };
  }
}

/** From the entry before a range to the one behind it, where there are such. */
function spanWithBorders(
  { from, to }: Filter,
  { size, first, end }: Pick<BundleFrame, 'size' | 'first' | 'end'>,
) {
  const before = from !== undefined && first > 0 ? [first - 1] : [];
  const behind = to !== undefined && end < size ? [end] : [];
  return {
    first: first - before.length,
    end: end + behind.length,
    borders: [...before, ...behind],
  };
}

class Counts {
  first_seq: number | null = null;
  last_seq: number | null = null;
  entries = 0;
  parts = 0;
  missing_parts = 0;

  add(lines: BundleLines): void {
    this.first_seq ??= lines.first_seq;
    this.last_seq = lines.last_seq ?? this.last_seq;
    this.entries += lines.entries;
    this.parts += lines.parts;
    this.missing_parts += lines.missing_parts;
  }
}

function describe(
  { query, app, services }: Context,
  filter: Filter,
  { origin }: BundleFrame,
  counts: Counts,
): Omit<BundleManifest, 'sha256sums'> {
  const { app_id: _, ...asked } = query;
  const timeOf = (ms: number) => new Date(ms).toISOString();
  return {
    ...counts,
    app_id: app.app_id,
    created_at: timeOf(services.now()),
    filter: asked,
    ...(filter.from === undefined ? {} : { from: timeOf(filter.from) }),
    ...(filter.to === undefined ? {} : { to: timeOf(filter.to) }),
    origin,
    scope: isRange(filter) ? 'range' : 'filter',
    v: 1,
  };
}
