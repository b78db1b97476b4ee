import type { Tone } from '../../shared/ui/badge.tsx';
import type { GrantRow } from '../directory.ts';

/** Grants in words. */

export const GRANT_STATUS: Readonly<
  Record<GrantRow['status'], { readonly word: string; readonly tone: Tone }>
> = {
  active: { word: 'active', tone: 'good' },
  needs_reauth: { word: 'needs its owner again', tone: 'refused' },
  expired: { word: 'expired', tone: 'neutral' },
  revoked: { word: 'revoked', tone: 'failed' },
};

export const KIND_OF_GRANT = { managed_secret: 'secret', oauth: 'OAuth' } as const;

export const AUTH_IN_WORDS: Readonly<Record<string, string>> = {
  bearer: 'bearer token',
  header: 'header',
  query: 'query parameter',
  basic: 'user and password',
  oauth2: 'OAuth',
};
