import { type Evidence } from '@affidavit/ledger';
import type { ErrorCode } from '@affidavit/schema';

import type { Affidavit } from './server.ts';
import type { Acknowledged, Entry, Page } from './trail.ts';
import { ask, makeApp, problem, type AppUnderTest, type Problem } from './world.ts';

/** For tests: the trail of an app of its own, of which something is removed. */

export type Receipted = Acknowledged & { readonly proof: string };

export interface Swept {
  readonly deleted: number;
  readonly held: number;
  readonly done: boolean;
  readonly space_freed: boolean;
}

export interface Erased {
  readonly erasure_id: string;
  readonly erased: number;
  readonly state: string;
  readonly space_freed: boolean;
}

export class KeptTrail {
  readonly server: Affidavit;
  readonly app: AppUnderTest;

  constructor(server: Affidavit, app: AppUnderTest) {
    this.server = server;
    this.app = app;
  }

  ask<T = Record<string, unknown>>(status: number, method: string, path: string, body?: unknown) {
    const { key } = this.app;
    return ask<T>(this.server, status, method, path, body === undefined ? { key } : { key, body });
  }

  /** GET, or POST with a body; expects a problem. */
  async refuse(status: number, code: ErrorCode, path: string, body?: unknown): Promise<Problem> {
    const { key } = this.app;
    const asked = body === undefined ? { key } : { key, body };
    const answer = await this.server.request(body === undefined ? 'GET' : 'POST', path, asked);
    return problem(answer, status, code);
  }

  async write(events: readonly object[]): Promise<Receipted[]> {
    const path = '/v1/events?receipt=true';
    return (await this.ask<{ events: Receipted[] }>(201, 'POST', path, { events })).events;
  }

  async days(days: number | null): Promise<void> {
    await this.ask(200, 'PUT', '/v1/retention', { days });
  }

  sweep(): Promise<Swept> {
    return this.ask(200, 'POST', '/v1/retention/sweep', {});
  }

  hold(body: object): Promise<{ hold_id: string }> {
    return this.ask(201, 'POST', '/v1/holds', { reason: 'a case', ...body });
  }

  erase(body: object): Promise<Erased> {
    return this.ask(201, 'POST', '/v1/erasures', { reason: 'asked for', ...body });
  }

  async list(query: string): Promise<Entry[]> {
    return (await this.ask<Page>(200, 'GET', `/v1/events?limit=1000&${query}`)).data;
  }

  async show(event_id: string): Promise<number> {
    const { key } = this.app;
    return (await this.server.request('GET', `/v1/events/${event_id}`, { key })).status;
  }

  evidence(event_id: string): Promise<Evidence> {
    return this.ask(200, 'GET', `/v1/events/${event_id}/evidence`);
  }

  async vkey(): Promise<string> {
    return (await this.ask<{ vkey: string }>(200, 'GET', '/v1/ledger')).vkey;
  }
}

export async function newTrail(server: Affidavit, name: string): Promise<KeptTrail> {
  return new KeptTrail(server, await makeApp(server, name));
}
