import { parseArgs } from 'node:util';

import { WORDS } from './events.ts';

/**
 * A process that reads the trail until it is told to stop: searches for what never occurs, and
 * exports. Of its own, so that it costs the load generator nothing; and it gives way, because it
 * stands for clients on other machines.
 */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    searchers: { type: 'string', default: '0' },
    exporters: { type: 'string', default: '0' },
  },
});
const { url } = values;
const headers = { authorization: process.env.READING_AUTHORIZATION ?? '' };
const searchers = Number(values.searchers);

/** Words that all occur, in an order that does not: every candidate is read and dropped. */
function question(n: number): string {
  const words = [n, n * 3 + 1, n * 7 + 2].map((at) => WORDS[at % WORDS.length] as string);
  return encodeURIComponent(`"${words.join(' ')} nowhere" ${words[0]}`);
}

async function search(first: number): Promise<never> {
  for (let n = first; ; n += searchers) {
    const answer = await fetch(`${url}/v1/events?limit=1000&q=${question(n)}`, { headers });
    await answer.text();
  }
}

async function exportAll(): Promise<never> {
  for (;;) {
    const answer = await fetch(`${url}/v1/events/export?format=ndjson`, { headers });
    for await (const chunk of answer.body ?? []) void chunk;
  }
}

console.log('reading');
const readers = [
  ...Array.from({ length: searchers }, (_, number) => search(number)),
  ...Array.from({ length: Number(values.exporters) }, exportAll),
];
process.once('SIGTERM', () => process.exit(0));
await Promise.all(readers);
