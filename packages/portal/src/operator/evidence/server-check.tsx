import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';

import { withApp } from '../../shared/api/client.ts';
import { getLines } from '../../shared/api/lines.ts';
import { count, plural } from '../../shared/format/number.ts';
import { duration } from '../../shared/format/time.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Failed, Progress } from '../../shared/ui/states.tsx';

/** The answer of `GET /v1/ledger/verify`. */
interface ServerVerdict {
  readonly ok: boolean;
  readonly checked: number;
  readonly removed_parts: number;
  readonly broken: readonly { readonly seq: number | null; readonly reason: string }[];
  readonly more_broken: boolean;
}

type Line = ServerVerdict | { readonly checked: number; readonly total: number };

type State =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly done: number; readonly total: number }
  | { readonly phase: 'done'; readonly verdict: ServerVerdict; readonly took_ms: number }
  | { readonly phase: 'failed'; readonly error: unknown };

function useServerCheck() {
  const [state, setState] = useState<State>({ phase: 'idle' });
  const asking = useRef<AbortController | null>(null);
  const stop = () => {
    asking.current?.abort();
    setState({ phase: 'idle' });
  };
  useEffect(() => () => asking.current?.abort(), []);
  const run = async () => {
    const { signal } = (asking.current = new AbortController());
    setState({ phase: 'running', done: 0, total: 0 });
    const started = performance.now();
    try {
      const lines = getLines<Line>('/v1/ledger/verify', withApp({ format: 'ndjson' }), signal);
      for await (const line of lines) {
        if ('ok' in line) {
          setState({ phase: 'done', verdict: line, took_ms: performance.now() - started });
        } else setState({ phase: 'running', done: line.checked, total: line.total });
      }
    } catch (error) {
      if (!signal.aborted) setState({ phase: 'failed', error });
    }
  };
  return { state, stop, run: () => void run() };
}

/** The server's own check: it sees the contents too, and is believed for what it says. */
export function ServerCheck() {
  const { state, run, stop } = useServerCheck();
  return (
    <Section
      title="Ask the server to check itself"
      about="The server also checks the stored contents against their commitments, and that whatever is gone was removed on the record. For this you take its word."
      actions={
        state.phase === 'running' ? (
          <Button onClick={stop}>Stop</Button>
        ) : (
          <Button onClick={run}>Ask the server</Button>
        )
      }
    >
      {state.phase === 'running' ? (
        <Card>
          <Progress label="The server is checking" done={state.done} total={state.total} />
        </Card>
      ) : null}
      <div aria-live="polite">
        {state.phase === 'failed' ? <Failed error={state.error} retry={run} /> : null}
        {state.phase === 'done' ? <Said {...state} /> : null}
      </div>
    </Section>
  );
}

function Said({ verdict, took_ms }: { readonly verdict: ServerVerdict; readonly took_ms: number }) {
  const { ok, checked, removed_parts, broken, more_broken } = verdict;
  return (
    <Card>
      <p className={`font-semibold ${ok ? 'text-good' : 'text-failed'}`}>
        {ok ? 'The server found its ledger sound' : 'The server found damage'}
      </p>
      <p className="mt-1 text-ink-2">
        {plural(checked, 'entry', 'entries')} in {duration(took_ms)}.{' '}
        {removed_parts === 0
          ? 'Nothing was removed.'
          : `${plural(removed_parts, 'part')} of entries ${removed_parts === 1 ? 'was' : 'were'} removed by retention or erasure; an entry stands for each.`}
      </p>
      {broken.length > 0 ? (
        <ul className="mt-2 flex flex-col gap-1">
          {broken.map(({ seq, reason }) => (
            <li key={`${seq} ${reason}`}>
              <code className="font-mono text-[0.8125rem]">{reason}</code>{' '}
              {seq === null ? (
                'cannot be told to one position'
              ) : (
                <>
                  at{' '}
                  <Link
                    to="/evidence"
                    search={{ seq: String(seq) }}
                    className="text-accent underline"
                  >
                    entry {count(seq)}
                  </Link>
                </>
              )}
            </li>
          ))}
          {more_broken ? <li>There is more. Run affidavit fsck for all of it.</li> : null}
        </ul>
      ) : null}
    </Card>
  );
}
