import { Agent, request, type IncomingMessage } from 'node:http';

import type { Affidavit } from './server.ts';
import type { Entry } from './trail.ts';

/** For tests: one server-sent event stream (WHATWG HTML, section 9.2), read by hand. */
export interface EventStream {
  readonly status: number;
  /** All entries received so far. */
  readonly entries: Entry[];
  /** The id to resume from: that of the last complete event. */
  lastEventId(): string | undefined;
  /** True when the server has ended it in order. */
  readonly ended: Promise<boolean>;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface StreamOptions {
  readonly query?: string;
  readonly lastEventId?: string | undefined;
}

export function openStream(server: Affidavit, options: StreamOptions = {}): Promise<EventStream> {
  const { query = '', lastEventId } = options;
  const headers = {
    authorization: `Bearer ${server.adminKey}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  // A connection of its own, so that a paused stream pauses nobody else.
  const agent = new Agent();
  return new Promise((resolve, reject) => {
    const url = `${server.url}/v1/events/stream?${query}`;
    const asked = request(url, { headers, agent }, (response) => resolve(follow(response)));
    asked.on('error', reject);
    asked.end();
  });
}

function follow(response: IncomingMessage): EventStream {
  const entries: Entry[] = [];
  let last: string | undefined;
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const { id, data } = readBlock(block);
      last = id ?? last;
      if (data === undefined) continue;
      const entry = JSON.parse(data) as Entry;
      if (String(entry.seq) !== id) throw new Error(`entry ${entry.seq} has the id ${id}`);
      entries.push(entry);
    }
  });
  response.on('error', () => undefined);
  const ended = new Promise<boolean>((resolve) => {
    response.once('close', () => resolve(response.complete));
  });
  return {
    status: response.statusCode ?? 0,
    entries,
    lastEventId: () => last,
    ended,
    pause: () => response.pause(),
    resume: () => response.resume(),
    close: () => response.destroy(),
  };
}

function readBlock(block: string): { id?: string; data?: string } {
  const fields = block.split('\n').flatMap((line) => {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(fields);
}
