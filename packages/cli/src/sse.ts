/** Server-sent events (WHATWG HTML §9.2) from a byte stream. Bounded: a line has an end. */

export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Far above the largest entry. */
export const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

interface Pending {
  event: string;
  data: string[];
}

function field(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const complete = rest.split(/\r\n|\n|\r(?!$)/);
    rest = complete.pop() ?? '';
    if (rest.length > MAX_EVENT_CHARACTERS) throw new Error('the stream sent an endless line');
    yield* complete;
  }
}

/**
 * Complete events only: what the end of the stream cuts off is left out, as the standard says.
 * `onId` hears of every id, also of one that comes without an event and only says where we are.
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  onId: (id: string) => void = () => {},
): AsyncGenerator<ServerSentEvent> {
  let id: string | undefined;
  let pending: Pending = { event: 'message', data: [] };
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (pending.data.length > 0)
        yield { id, event: pending.event, data: pending.data.join('\n') };
      if (id !== undefined) onId(id);
      pending = { event: 'message', data: [] };
      continue;
    }
    if (line.startsWith(':')) continue;
    const [name, value] = field(line);
    if (name === 'id' && !value.includes('\0')) id = value;
    if (name === 'event') pending.event = value;
    if (name === 'data') pending.data.push(value);
  }
}
