/** A byte stream that must not fall silent. */

export class IdleError extends Error {
  override readonly name = 'IdleError';
}

/** Yields the chunks; throws IdleError when none comes for `idleMs`. Frees the stream at the end. */
export async function* withIdleLimit(
  body: ReadableStream<Uint8Array>,
  idleMs: number,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => reject(new IdleError(`nothing came for ${idleMs} ms`)),
        idleMs,
      );
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() =>
        clearTimeout(timer),
      );
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
