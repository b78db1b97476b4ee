import type { AuditEvent, ErrorCode, Scope } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';

import type { Identity } from '../access/identity.ts';
import type { Services } from '../services.ts';
import type { AllSlots } from './slots.ts';

/**
 * Who may call a route: anyone, whoever has a live key or session, who has their wallet open, or a
 * key or session with a scope.
 */
export type Access = 'public' | 'any_key' | 'wallet' | Scope;

/** What a handler gets. Body and query are checked already; identity and app come from the key. */
export interface Context<B = unknown> {
  readonly services: Services;
  readonly identity: Identity;
  /** The app of the key, or the one that an installation key named. */
  readonly app: AppRef;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly body: B;
  /** The body as it came. */
  readonly bytes: Buffer;
  readonly idempotencyKey: string | null;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  readonly trace: Pick<AuditEvent, 'trace_id' | 'span_id'>;
  readonly traceparent: string | undefined;
  readonly reply: FastifyReply;
}

/** A success with another status than that of its route. */
export class Answer {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object) {
    this.status = status;
    this.body = body;
  }
}

/** JSON text that is ready to send. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface Route<B = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for parameters, and `*` at the end for whatever follows. */
  readonly path: string;
  readonly access: Access;
  /** Of those with the scope, only owners may call it. */
  readonly ownersOnly?: true;
  /** Minted tokens may call it too; all other routes are for keys. */
  readonly takesTokens?: true;
  /** It also answers anyone, without a key, where the app has made its ledger public. */
  readonly openWhenPublic?: true;
  readonly summary: string;
  readonly tag: string;
  /** Status of success; 200 unless set. */
  readonly status?: number;
  /** Of an `Answer` that is a success too, with what it means. */
  readonly otherStatus?: readonly [status: number, meaning: string];
  readonly body?: z.ZodType<B>;
  /** Names of query parameters beside filters. */
  readonly query?: readonly string[];
  /** Whether record fields are accepted as filters. */
  readonly filters?: true;
  /** The handler makes repeats safe by itself. */
  readonly ownIdempotency?: true;
  /** Codes beyond those that any route can answer. */
  readonly errors?: readonly ErrorCode[];
  /** The answer is sent piece by piece. */
  readonly streams?: true;
  /** Among what it counts that lasts and may be under way only so often at once. */
  readonly slots?: keyof AllSlots;
  /** A browser is sent here from elsewhere, with whatever parameters; a HEAD would be taken for it. */
  readonly callback?: true;
  /** A page: it looks at no parameter, and whatever stands there is let be. */
  readonly anyQuery?: true;
  /** Content type of a success that is not JSON. */
  readonly produces?: string;
  /** The result is sent as JSON, `JsonText` as it is, `Answer` with its status; undefined when the handler replied itself. */
  readonly handler: (context: Context<B>) => Promise<unknown>;
}

/** Keeps the type of the body between schema and handler. */
export function route<B>(definition: Route<B>): Route {
  return definition as unknown as Route;
}
