import { Pause, Radio } from 'lucide-react';
import { useMemo } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import type { LiveState } from './use-live.ts';

const WORDS: Readonly<Record<LiveState, string>> = {
  off: 'Live',
  connecting: 'Connecting',
  live: 'Live',
  interrupted: 'Connecting again',
};

interface LiveButtonProps {
  readonly isOn: boolean;
  readonly state: LiveState;
  readonly onToggle: () => void;
}

/** Starts and stops following what comes. */
export function LiveButton({ isOn, state, onToggle }: LiveButtonProps) {
  useShortcuts(
    useMemo(() => [{ keys: 'l', does: 'Follow what comes, or stop', run: onToggle }], [onToggle]),
  );
  const Icon = isOn ? Pause : Radio;
  return (
    <Button
      aria-pressed={isOn}
      onClick={onToggle}
      title={isOn ? 'Stop following' : 'Show entries as they come'}
      className={cx(isOn && 'border-accent bg-accent-soft text-accent')}
    >
      <Icon aria-hidden />
      {WORDS[state]}
      {state === 'live' ? (
        <span aria-hidden className="size-1.5 animate-pulse rounded-full bg-accent" />
      ) : null}
    </Button>
  );
}
