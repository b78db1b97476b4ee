import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { mergePages } from './merge.ts';
import { SegmentBuilder, type Page } from './postings.ts';

const WIDTH = 8192;
const place = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.nat(WIDTH - 1));
/** Some terms here and there, and one that most entries have. */
const segment = fc
  .tuple(fc.array(place, { maxLength: 60 }), fc.integer({ min: 0, max: WIDTH }))
  .map(([places, common]): [number, number][] => [
    ...places,
    ...Array.from({ length: common }, (_, at): [number, number] => [41, at]),
  ]);

function built(places: readonly (readonly [number, number])[]): Page[] {
  const builder = new SegmentBuilder();
  for (const [term, at] of places.toSorted((a, b) => a[1] - b[1])) builder.add(term * 1e9, at);
  return [...builder.pages()];
}

async function* read(pages: readonly Page[]): AsyncGenerator<Uint8Array> {
  for (const { page } of pages) yield page;
}

test('segments that are merged are the segment that was built at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { maxLength: 8 }), async (segments) => {
      const sources = segments.map((places, i) => ({
        pages: read(built(places)),
        offset: i * WIDTH,
      }));
      const merged: Page[] = [];
      for await (const page of mergePages(sources)) merged.push(page);
      const whole = segments.flatMap((places, i) =>
        places.map(([term, at]) => [term, at + i * WIDTH] as const),
      );
      assert.deepEqual(merged, built(whole));
    }),
    { numRuns: 40 },
  );
});
