import { useCallback, useEffect, useRef, useState } from 'react';

import type { Answer, Job, Progress, Source, Verdict } from './jobs.ts';
import { recall, remember } from './memory.ts';

export type CheckState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly progress: Progress | null; readonly since: number }
  | { readonly phase: 'done'; readonly verdict: Verdict }
  | { readonly phase: 'failed'; readonly message: string; readonly advice: string };

export interface Ledger extends Omit<Source, 'known'> {
  /** Under which this browser remembers it. */
  readonly name: string;
}

export interface Check {
  readonly state: CheckState;
  readonly start: (job: Job) => void;
  /** Ends it, and forgets what came of it. */
  readonly cancel: () => void;
}

/** One check at a time, in a thread of its own that ends with the page. */
export function useCheck({ name, ledger, evidence }: Ledger): Check {
  const [state, setState] = useState<CheckState>({ phase: 'idle' });
  const worker = useRef<Worker | null>(null);
  const stop = useCallback(() => {
    worker.current?.terminate();
    worker.current = null;
  }, []);
  useEffect(() => stop, [stop]);
  const start = useCallback(
    (job: Job) => {
      stop();
      const since = performance.now();
      const end = (last: CheckState) => {
        stop();
        setState(last);
      };
      setState({ phase: 'running', progress: null, since });
      const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
      worker.current = own;
      own.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
        if (data.type === 'progress') {
          setState({ phase: 'running', progress: data.progress, since });
        } else if (data.type === 'failed') {
          end({ phase: 'failed', message: data.message, advice: data.advice });
        } else {
          if (data.verdict.remember) remember(name, data.verdict.remember);
          end({ phase: 'done', verdict: data.verdict });
        }
      });
      own.addEventListener('error', () => end(CANNOT_START));
      own.postMessage({ source: { ledger, evidence, known: recall(name) }, job });
    },
    [stop, name, ledger, evidence],
  );
  const cancel = useCallback(() => {
    stop();
    setState({ phase: 'idle' });
  }, [stop]);
  return { state, start, cancel };
}

const CANNOT_START: CheckState = {
  phase: 'failed',
  message: 'The checking thread did not start.',
  advice: 'Load the page again.',
};
