import { useEffect, useRef, useState } from 'react';

import { addressOf, withApp, type Params } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import { without } from './filters.ts';

export type LiveState = 'off' | 'connecting' | 'live' | 'interrupted';

interface Live {
  readonly isOn: boolean;
  readonly question: Params;
  /** What came since the last time, newest first. */
  readonly onEntries: (entries: readonly Entry[]) => void;
  /** The stream is there: whatever is committed from now on comes by it. */
  readonly onOpen: () => void;
}

/** So often new entries are shown, however many come. */
const GATHER_MS = 300;
const GATHERED_MAX = 1000;
const AGAIN_MS = 3000;

/** Follows the trail while it is on. A stream that breaks resumes; one that is refused is asked for again. */
export function useLive({ isOn, question, onEntries, onOpen }: Live): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  // What comes is after the beginning of any range; another beginning is no other stream.
  const address = addressOf('/v1/events/stream', withApp(without(without(question, 'from'), 'to')));
  const handlers = useRef({ onEntries, onOpen });
  useEffect(() => {
    handlers.current = { onEntries, onOpen };
  });
  useEffect(() => {
    if (!isOn) return undefined;
    const stop = follow(address, {
      onState: setState,
      onOpen: () => handlers.current.onOpen(),
      onEntries: (entries) => handlers.current.onEntries(entries),
    });
    return () => {
      stop();
      setState('connecting');
    };
  }, [isOn, address]);
  return isOn ? state : 'off';
}

interface Follower {
  readonly onState: (state: LiveState) => void;
  readonly onOpen: () => void;
  readonly onEntries: (entries: readonly Entry[]) => void;
}

function follow(address: string, { onState, onOpen, onEntries }: Follower): () => void {
  let source: EventSource;
  let gathered: Entry[] = [];
  let again: ReturnType<typeof setTimeout> | undefined;
  const flush = setInterval(() => {
    if (gathered.length > 0) onEntries(gathered.reverse());
    gathered = [];
  }, GATHER_MS);
  const connect = () => {
    source = new EventSource(address);
    let isFirst = true;
    source.addEventListener('open', () => {
      onState('live');
      // The browser resumes by itself where it was; only a new stream begins now.
      if (isFirst) onOpen();
      isFirst = false;
    });
    source.addEventListener('entry', ({ data }: MessageEvent<string>) => {
      gathered.push(JSON.parse(data) as Entry);
      if (gathered.length > GATHERED_MAX) gathered = gathered.slice(-GATHERED_MAX);
    });
    source.addEventListener('error', () => {
      onState('interrupted');
      if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, AGAIN_MS);
    });
  };
  connect();
  return () => {
    source.close();
    clearInterval(flush);
    clearTimeout(again);
  };
}
