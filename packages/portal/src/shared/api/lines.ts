import { addressOf, failureOf, send, type Params } from './client.ts';

/** An answer that comes line by line, each a JSON value. What ends early throws. */
export async function* getLines<T>(
  path: string,
  query: Params = {},
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const response = await send(addressOf(path, query), {
    credentials: 'same-origin',
    headers: { accept: 'application/x-ndjson' },
    ...(signal ? { signal } : {}),
  });
  if (!response.ok || response.body === null) throw await failureOf(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) yield JSON.parse(line) as T;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
