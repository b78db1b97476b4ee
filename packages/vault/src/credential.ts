import type { ProviderAuth } from '@affidavit/schema';

import type { AttachTarget } from './egress/call.ts';
import { createScrubber, type Scrubber } from './egress/scrub.ts';

/** An opened credential: it can be put on a request, and found again in what comes back. */
export interface OpenCredential {
  attach(target: AttachTarget): void;
  readonly scrubber: Scrubber;
  /** Header that carries it, so that it is stripped from the record by name as well. */
  readonly headerName: string | null;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/**
 * `value` is the secret; for `basic` it is `user:password`, or the password when `name` is the
 * user. `others` are not sent, but masked where they show.
 */
export function openCredential(
  auth: ProviderAuth,
  value: string,
  others: readonly string[] = [],
): OpenCredential {
  switch (auth.type) {
    case 'bearer':
    case 'oauth2':
      return inHeader('authorization', `Bearer ${value}`, [value, ...others]);
    case 'header':
      return inHeader(auth.name, value, [value]);
    case 'basic': {
      const pair = auth.name === undefined ? value : `${auth.name}:${value}`;
      const password = pair.slice(pair.indexOf(':') + 1);
      return inHeader('authorization', `Basic ${base64(pair)}`, [
        pair,
        password,
        base64(pair),
        value,
      ]);
    }
    case 'query':
      return {
        attach: ({ url }) => url.searchParams.set(auth.name, value),
        scrubber: createScrubber(searchable([value])),
        headerName: null,
      };
  }
}

/** Too short a piece cannot be masked without mangling ordinary text; the whole still is. */
function searchable(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value.length >= 4);
}

function inHeader(name: string, content: string, values: readonly string[]): OpenCredential {
  return {
    attach: ({ headers }) => {
      headers[name.toLowerCase()] = content;
    },
    scrubber: createScrubber(searchable(values)),
    headerName: name,
  };
}
