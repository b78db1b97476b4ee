import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The world the demo's agents work in: small real HTTP services on loopback. */

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Whose credential came with a request, or null. */
type Identify = (request: IncomingMessage) => string | null;
type Route = (person: string, method: string, path: string) => Reply;

export interface Services {
  readonly mailUrl: string;
  readonly billingUrl: string;
  readonly crmUrl: string;
  /** A port where nothing listens. */
  readonly deadUrl: string;
  readonly close: () => Promise<void>;
}

/** Secret value → the person it belongs to. */
export type Keyring = ReadonlyMap<string, string>;

const NOT_FOUND: Reply = { status: 404, body: { error: 'there is no such page' } };

const mail: Route = (person, method, path) => {
  if (method === 'POST' && path === '/send') return { status: 202, body: { queued: 'msg_901' } };
  if (path === '/messages') {
    const subjects = ['Your offer of Tuesday', 'Re: delivery dates', 'Lunch on Friday?'];
    return { status: 200, body: { mailbox: person, unread: subjects } };
  }
  if (path === '/archive') {
    const messages = Array.from({ length: 160 }, (_, n) => ({
      id: `msg_${n}`,
      subject: `Contract draft, version ${n + 1}`,
      from: 'legal@example.net',
      preview: 'Please find the changed clauses in the attachment; the rest is as agreed.',
    }));
    return { status: 200, body: { mailbox: person, messages } };
  }
  return NOT_FOUND;
};

const billing: Route = (person, method, path) => {
  if (method === 'POST' && path.endsWith('/reminders')) {
    return { status: 201, body: { reminder: 'rem_17', sent_to: person } };
  }
  if (path === '/invoices') {
    return {
      status: 200,
      body: { invoices: [{ id: 'inv_1042', open_eur: 480, days_overdue: 14 }] },
    };
  }
  return NOT_FOUND;
};

const crm: Route = (person, _method, path) => {
  if (path.endsWith('/score')) return { status: 500, body: { error: 'scoring model not loaded' } };
  if (path.startsWith('/contacts/'))
    return { status: 200, body: { contact: person, plan: 'team' } };
  return NOT_FOUND;
};

const bearer =
  (keys: Keyring): Identify =>
  ({ headers }) =>
    keys.get((headers.authorization ?? '').replace(/^Bearer /, '')) ?? null;

const header =
  (name: string, keys: Keyring): Identify =>
  ({ headers }) =>
    keys.get(String(headers[name] ?? '')) ?? null;

function answer(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function serviceOf(identify: Identify, route: Route): Server {
  return createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const person = identify(request);
      const { pathname } = new URL(request.url ?? '/', 'http://service');
      if (person === null) answer(response, { status: 401, body: { error: 'who are you?' } });
      else answer(response, route(person, request.method ?? 'GET', pathname));
    });
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Each service knows its own credentials and refuses all others with 401. */
export async function startServices(keys: {
  readonly mail: Keyring;
  readonly billing: Keyring;
  readonly crm: Keyring;
}): Promise<Services> {
  const servers = [
    serviceOf(bearer(keys.mail), mail),
    serviceOf(header('x-api-key', keys.billing), billing),
    serviceOf(bearer(keys.crm), crm),
  ];
  const [mailUrl = '', billingUrl = '', crmUrl = ''] = await Promise.all(servers.map(listen));
  const nobody = createServer();
  const deadUrl = await listen(nobody);
  await close(nobody);
  return {
    mailUrl,
    billingUrl,
    crmUrl,
    deadUrl,
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
}
