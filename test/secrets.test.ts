import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { onPostgres } from './support/database.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, execution, makeAgent, makeApp, makeGrant, makeKey } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/**
 * The bytes of a secret are in no answer, no entry, no file and no output, whatever a service does
 * with the credential. Every answer of the server is kept here and searched at the end.
 */

const SECRET = 'sk_live_Zq9+/hidden value"\\&=%ü';
const QUERY_SECRET = 'query-secret-7741-äöü';
const PASSWORD = 'pass:word-8862-with-colon';
const ROTATED = 'sk_rotated_0x55aa33cc';
const AGENT_SENT = 'own-cookie-of-the-agent-1234';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const trimmed = (text: string) => text.replace(/=+$/, '');

/** Every form in which a secret could be found. */
function forms(secret: string): string[] {
  return [
    secret,
    base64(secret),
    trimmed(base64(secret)),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
  ];
}

const SECRETS = [SECRET, QUERY_SECRET, PASSWORD, ROTATED];
const FORMS = [...SECRETS, `ada:${PASSWORD}`].flatMap(forms);

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
const answers: string[] = [];

/** Everything that the service was sent as a credential. */
function credentialOf(url: string, headers: Record<string, unknown>): string {
  const { searchParams } = new URL(url, 'http://service');
  const given = headers.authorization ?? headers['x-secret'] ?? searchParams.get('token') ?? '';
  // Node reads header bytes as Latin-1; what was sent is UTF-8.
  return Buffer.from(String(given), 'latin1').toString('utf8');
}

before(async () => {
  server = await startAffidavit();
  service = await startService(({ url, headers }, response) => {
    const { pathname } = new URL(url, 'http://service');
    const sent = credentialOf(url, headers);
    const bare = sent.replace(/^(Bearer|Basic) /, '');
    const decoded = sent.startsWith('Basic ') ? Buffer.from(bare, 'base64').toString() : bare;
    const echoes = [sent, ...forms(bare), ...forms(decoded), ...forms(decoded.replace('ada:', ''))];
    const asHeader = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
    if (pathname === '/binary') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(
        Buffer.concat([Buffer.from([0xff, 0x00]), ...echoes.map((one) => Buffer.from(one))]),
      );
      return;
    }
    response.writeHead(pathname === '/refuse' ? 401 : 200, {
      'content-type': pathname === '/json' ? 'application/json' : 'text/plain',
      'set-cookie': ['session=abc-cookie-of-the-service', `token=${encodeURIComponent(bare)}`],
      'x-echo': asHeader(sent),
      'x-echo-encoded': base64(sent),
      [`x-${'long'.repeat(4)}`]: encodeURIComponent(decoded),
      'www-authenticate': `Bearer realm="${encodeURIComponent(bare)}"`,
    });
    response.end(
      pathname === '/json' ? JSON.stringify({ echoes, nested: [{ sent }] }) : echoes.join('\n'),
    );
  });
  app = await makeApp(server, 'secrets');
  agent = await makeAgent(server, app, 'Ada');
});
after(async () => {
  await service.close();
  await server.stop();
});

async function say(method: string, path: string, body?: unknown, key = agent.key) {
  const answer = await server.request(method, path, body === undefined ? { key } : { key, body });
  answers.push(answer.text + JSON.stringify(answer.headers));
  return answer;
}

function assertClean(what: string, text: string): void {
  for (const form of FORMS) assert.ok(!text.includes(form), `${what} holds ${form}`);
}

const AUTHS: [string, Record<string, string>, string][] = [
  ['bearer', { type: 'bearer' }, SECRET],
  ['header', { type: 'header', name: 'x-secret' }, SECRET],
  ['query', { type: 'query', name: 'token' }, QUERY_SECRET],
  ['basic', { type: 'basic', name: 'ada' }, PASSWORD],
  ['pair', { type: 'basic' }, `ada:${PASSWORD}`],
];

describe('a credential that the service sends back', () => {
  const grants = new Map<string, string>();

  for (const [name, auth, secret] of AUTHS) {
    it(`is masked in answer and entry: ${name}`, async () => {
      const { grant_id } = await makeGrant(server, app, {
        provider: name,
        base_url: service.url,
        auth,
        secret,
      });
      grants.set(name, grant_id);
      for (const url of ['/text', '/json', '/refuse', '/binary']) {
        const answer = await say('POST', '/v1/request', { url, grant_id });
        assert.equal(answer.status, 200, answer.text);
        assert.ok(
          credentialOf(service.received.at(-1)?.url ?? '', service.received.at(-1)?.headers ?? {})
            .length > 4,
        );
        assertClean(`the answer to ${name} ${url}`, answer.text);
        const { body, body_encoding, execution_id } = answer.body;
        if (body_encoding === 'base64') {
          assertClean(`${name} ${url}`, Buffer.from(String(body), 'base64').toString('utf8'));
        }
        const entries = await execution(server, app.key, execution_id);
        assert.equal(entries.length, 2);
        assertClean(`the entries of ${name} ${url}`, JSON.stringify(entries));
        assert.ok(entries.every((entry) => entry.credential_masked === true));
      }
    });
  }

  it('leaves no cookie or credential header in answer or entry', async () => {
    const headers = {
      cookie: AGENT_SENT,
      'X-Amz-Security-Token': AGENT_SENT,
      'x-amz-date': '20260101T000000Z',
      'x-plain': 'kept',
    };
    const grant_id = grants.get('bearer');
    const answer = await say('POST', '/v1/request', { url: '/text', grant_id, headers });
    const kept = answer.body.headers as Record<string, unknown>;
    assert.equal(kept['set-cookie'], undefined);
    assert.ok(!answer.text.includes('abc-cookie-of-the-service'));
    const [, outcome] = (await execution(server, app.key, answer.body.execution_id)) as [
      Entry,
      Entry,
    ];
    assert.deepEqual(Object.keys(outcome.request_headers ?? {}), ['x-plain']);
    const shown = JSON.stringify(outcome);
    assert.ok(!shown.includes(AGENT_SENT) && !shown.includes('abc-cookie-of-the-service'), shown);
  });

  it('stays masked after a rotation', async () => {
    const secret = await say(
      'POST',
      '/v1/secrets',
      { provider: 'bearer', name: 'second', value: SECRET },
      app.key,
    );
    const { secret_id } = secret.body;
    const rotated = await say(
      'POST',
      `/v1/secrets/${secret_id}/rotate`,
      { value: ROTATED },
      app.key,
    );
    assert.equal(rotated.status, 200);
    const granted = await say(
      'POST',
      '/v1/grants',
      { provider: 'bearer', secret_id, principal: { type: 'user', id: 'u2' }, agents: '*' },
      app.key,
    );
    const { grant_id } = granted.body;
    const answer = await say('POST', '/v1/request', { url: '/json', grant_id });
    assert.equal(answer.status, 200);
    assertClean('the answer', answer.text);
  });
});

describe('credentials in what a client reports', () => {
  it('are masked by name and place, and flagged', async () => {
    const event = {
      event_type: 'api.called',
      url: `https://ada:${AGENT_SENT}@api.example/?access_token=${AGENT_SENT}&page=2`,
      request_headers: {
        Authorization: `Bearer ${AGENT_SENT}`,
        'proxy-authorization': AGENT_SENT,
        Cookie: AGENT_SENT,
        'x-kept': 'yes',
      },
      response_headers: { 'Set-Cookie': AGENT_SENT, 'x-amz-security-token': AGENT_SENT },
      request_body: { user: 'ada', password: AGENT_SENT, nested: [{ apiKey: AGENT_SENT }] },
      response_body: JSON.stringify({ access_token: AGENT_SENT, rest: 1 }),
      args: { client_secret: AGENT_SENT },
      result: { token: AGENT_SENT },
    };
    const answer = await say('POST', '/v1/events', event);
    assert.equal(answer.status, 201, answer.text);
    const [{ event_id }] = answer.body.events as [{ event_id: string }];
    const entry = await ask<Entry>(server, 200, 'GET', `/v1/events/${event_id}`, { key: app.key });
    assert.ok(!JSON.stringify(entry).includes(AGENT_SENT), JSON.stringify(entry));
    assert.equal(entry.credential_masked, true);
    assert.deepEqual(entry.request_headers, { 'x-kept': 'yes' });
    assert.match(String(entry.url), /page=2/);
  });
});

describe('a secret that is stored', () => {
  it('is refused where it could not be masked, without being repeated', async () => {
    for (const value of ['abc', 'line\nbreak', 'nul\0byte', 5]) {
      const answer = await say(
        'POST',
        '/v1/secrets',
        { provider: 'bearer', name: 'x', value },
        app.key,
      );
      assert.equal(answer.status, 400);
      assert.ok(typeof value === 'number' || !answer.text.includes(value));
    }
  });

  it('does not come out by any way of asking', async () => {
    const { paths } = await ask<{ paths: Record<string, Record<string, unknown>> }>(
      server,
      200,
      'GET',
      '/openapi.json',
    );
    const plain = Object.keys(paths).filter(
      (path) => !path.includes('{') && !path.endsWith('/stream'),
    );
    for (const path of [...plain, '/v1/events?limit=1000', '/v1/events/export?format=csv']) {
      if (paths[path] === undefined && !path.includes('?')) continue;
      assertClean(path, (await say('GET', path, undefined, app.key)).text);
    }
    for (const value of SECRETS) {
      const found = await say(
        'GET',
        `/v1/events?q=${encodeURIComponent(value)}`,
        undefined,
        app.key,
      );
      assert.ok(found.status === 200 || found.status === 400);
      if (found.status === 200) assertClean('the answer', JSON.stringify(found.body.data));
    }
  });

  it('is not told by a policy test', async () => {
    const body = { url: '/text', provider: 'query', agent_id: agent.agent_id };
    const calls = service.received.length;
    const answer = await say('POST', '/v1/policies/test', body, app.key);
    assert.equal(answer.body.policy_decision, 'ALLOW');
    assert.equal(service.received.length, calls);
    assertClean('the answer', answer.text);
  });
});

/** All bytes of all files below a folder, by path. */
function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name)),
    ]),
  );
}

describe('the house', () => {
  const keys: string[] = [];

  before(async () => {
    const extra = await makeKey(server, app, { scopes: ['events:read'] });
    const rotated = await ask<{ key: string }>(
      server,
      201,
      'POST',
      `/v1/keys/${extra.key_id}/rotate`,
      {
        key: app.key,
        headers: { 'idempotency-key': 'rotate-once' },
      },
    );
    await server.request('GET', '/v1/whoami', { key: `${extra.key}wrong` });
    await server.request('POST', '/v1/request', {
      key: agent.key,
      headers: { 'idempotency-key': 'call-once' },
      body: { url: '/json', provider: 'query' },
    });
    keys.push(server.adminKey, app.key, agent.key, extra.key, rotated.key);
  });

  const search = () => {
    const files = filesOf(server.dataFolder);
    assert.ok([...files.keys()].some((path) => path.endsWith('affidavit.db')));
    for (const [path, bytes] of files) {
      for (const form of [...FORMS, ...keys, AGENT_SENT]) {
        assert.ok(!bytes.includes(Buffer.from(form)), `${path} holds ${form}`);
      }
      for (const secret of [...SECRETS, ...keys]) {
        assert.ok(!bytes.includes(Buffer.from(secret, 'utf16le')), path);
        assert.ok(!bytes.includes(createHash('sha256').update(secret).digest()), path);
      }
    }
    return files;
  };

  const skip = onPostgres && 'the ledger is in no file of the folder';
  it('can be searched: what is not secret is found in its files', { skip }, () => {
    const all = Buffer.concat([...filesOf(server.dataFolder).values()]);
    assert.ok(all.includes(Buffer.from(agent.agent_id)));
    assert.ok(all.includes(Buffer.from(agent.prefix)));
  });

  it('holds no secret and no key in any file while it runs', { skip }, () => void search());

  it('holds none in any answer or output, nor in files after its end', { skip }, async () => {
    for (const text of answers) assertClean('an answer', text);
    assert.equal(await server.stop(), 0);
    const files = search();
    assert.ok(files.size >= 2);
    for (const text of [...FORMS, ...keys, AGENT_SENT]) {
      assert.ok(!server.stdout().includes(text), 'the output holds a secret');
    }
  });
});
