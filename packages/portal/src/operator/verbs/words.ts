import type { Tone } from '../../shared/ui/badge.tsx';
import type { Verb } from './types.ts';

/** Verbs in words. */

export const RULES: Readonly<Record<Verb['governance'], string>> = {
  allow: 'carried out',
  approval: 'waits for a person',
  block: 'blocked',
};

export const RISK_TONE: Readonly<Record<Verb['risk_level'], Tone>> = {
  LOW: 'neutral',
  MEDIUM: 'neutral',
  HIGH: 'refused',
  CRITICAL: 'failed',
};
