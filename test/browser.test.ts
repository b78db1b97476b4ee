import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';

import type * as Ledger from '@affidavit/ledger';
import type { Browser, Page } from 'playwright-core';

import { startBrowser, withoutBrowser } from './support/browser.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { write, type Written } from './support/trail.ts';
import { ask, makeApp, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** The ledger package in a browser: its own sources with the types taken out, and nothing else. */

const LEDGER = new URL('../packages/ledger/src/', import.meta.url);
const PAGE = `<!doctype html><title>auditor</title><script type="module">
import * as ledger from '/ledger/index.ts';
globalThis.ledger = ledger;
</script>`;

declare global {
  var ledger: typeof Ledger;
}

/** One changed bit in the middle of some text or file. */
function flip(bytes: Uint8Array, at: number): Uint8Array {
  const damaged = bytes.slice();
  damaged[at] = (damaged[at] as number) ^ 1;
  return damaged;
}

suite('a browser', { skip: withoutBrowser }, () => {
  let server: Affidavit;
  let app: AppUnderTest;
  let vkey: string;
  let written: Written['events'];
  let site: Server;
  let browser: Browser;
  let page: Page;

  before(async () => {
    server = await startAffidavit();
    app = await makeApp(server, 'watched');
    ({ vkey } = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', { key: app.key }));
    const events = Array.from({ length: 300 }, () => newEvent());
    ({ events: written } = await write(server, { app_id: app.app_id, events }));
    site = createServer((request, response) => void answer(request.url ?? '/', response));
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => globalThis.ledger !== undefined);
  });

  after(async () => {
    await browser?.close();
    site?.closeAllConnections();
    site?.close();
    assert.equal(await server?.stop(), 0);
  });

  /** The page, the sources of the ledger, and what the server serves under `/v1`. */
  async function answer(path: string, response: ServerResponse): Promise<void> {
    const [, source] = /^\/ledger\/([a-z0-9-]+\.ts)$/.exec(path) ?? [];
    if (source !== undefined) {
      const code = stripTypeScriptTypes(readFileSync(new URL(source, LEDGER), 'utf8'));
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(code);
    } else if (path.startsWith('/v1/')) {
      const { status, bytes } = await server.request('GET', path, { key: app.key });
      response.writeHead(status, { 'content-type': 'application/octet-stream' }).end(bytes);
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    }
  }

  async function get(path: string): Promise<Uint8Array> {
    const { status, bytes, text } = await server.request('GET', path, { key: app.key });
    assert.equal(status, 200, text.slice(0, 500));
    return bytes;
  }

  test('checks the evidence of an entry, and finds a flipped bit', async () => {
    const evidence = Buffer.from(await get(`/v1/events/${written[9]?.event_id}/evidence`));
    const check = (text: string) =>
      page.evaluate(
        async ([json, key]) => {
          try {
            const { verifyEvidence } = globalThis.ledger;
            const { header } = await verifyEvidence(JSON.parse(json), { verifiers: [key] });
            return header.event_id;
          } catch (error) {
            return (error as Ledger.LedgerError).code;
          }
        },
        [text, vkey] as const,
      );
    assert.equal(await check(evidence.toString()), written[9]?.event_id);
    const damaged = flip(evidence, evidence.indexOf('event_type') + 2);
    assert.equal(await check(Buffer.from(damaged).toString()), 'proof_failed');
  });

  test('checks a range, as one object and as lines, and names a flipped bit', async () => {
    const lines = Buffer.from(await get('/v1/ledger/range?format=ndjson'));
    const json = Buffer.from(await get('/v1/ledger/range')).toString();
    const whole = await page.evaluate(
      ([text, key]) => globalThis.ledger.verifyRange(JSON.parse(text), { verifiers: [key] }),
      [json, vkey] as const,
    );
    assert.deepEqual([whole.ok, whole.first_seq], [true, 0]);
    const check = (text: string) =>
      page.evaluate(
        async ([proof, key]) => {
          const chunks = [new TextEncoder().encode(proof)];
          return globalThis.ledger.verifyRangeLines(chunks, { verifiers: [key] });
        },
        [text, vkey] as const,
      );
    assert.equal((await check(lines.toString())).ok, true);
    const event_id = written[20]?.event_id as string;
    const damaged = flip(lines, lines.indexOf(event_id) + 10);
    const { ok, broken } = await check(Buffer.from(damaged).toString());
    assert.deepEqual([ok, broken[0]?.seq], [false, written[20]?.seq]);
  });

  test('checks a bundle as it is downloaded, and names a flipped bit', async () => {
    const sound = await page.evaluate(async (key) => {
      const { body } = await fetch('/v1/events/bundle');
      const chunks = body as unknown as AsyncIterable<Uint8Array>;
      return globalThis.ledger.verifyBundle(chunks, { verifiers: [key] });
    }, vkey);
    assert.deepEqual([sound.broken, sound.complete], [[], true]);
    assert.equal(sound.manifest?.entries, sound.checkpoint?.size);
    const bundle = Buffer.from(await get('/v1/events/bundle'));
    const at = bundle.indexOf('"event_type"', bundle.indexOf(written[50]?.event_id as string));
    const broken = await page.evaluate(
      async ([base64, key]) => {
        const { fromBase64, verifyBundle } = globalThis.ledger;
        return (await verifyBundle([fromBase64(base64)], { verifiers: [key] })).broken;
      },
      [Buffer.from(flip(bundle, at + 14)).toString('base64'), vkey] as const,
    );
    assert.deepEqual([broken[0]?.seq, broken[0]?.reason], [written[50]?.seq, 'proof_failed']);
  });

  test('checks the whole ledger where it is served', async () => {
    const { ok, checked, size } = await page.evaluate(async (key) => {
      const read = async (path: string): Promise<Uint8Array> => {
        const answer = await fetch(`/v1/ledger/${path}`);
        if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
        return new Uint8Array(await answer.arrayBuffer());
      };
      return globalThis.ledger.verifyLog(read, { verifiers: [key] });
    }, vkey);
    assert.deepEqual([ok, checked], [true, size]);
    assert.ok(size > 300);
  });
});
