import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { LoadGate } from './load-gate.ts';
import { routes } from './routes/index.ts';

const state = { turn: false, connections: false, sequencer: false };
const gate = new LoadGate(routes, {
  turn: { isFull: () => state.turn },
  connections: {
    get areTooMany() {
      return state.connections;
    },
  },
  sequencer: {
    get isBehind() {
      return state.sequencer;
    },
  },
});
beforeEach(() => Object.assign(state, { turn: false, connections: false, sequencer: false }));

const WRITES = ['POST /v1/events', 'POST /v1/events?receipt=true', 'POST /v1/request'];
const READS = [
  'GET /v1/events?limit=1',
  'GET /v1/events/evt_0123456789abcdef',
  'GET /v1/events/export?format=csv',
  'GET /v1/ledger/tile/0/000',
];
const ALWAYS = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /v1/events/stream?outcome=error',
  'POST /v1/keys',
  'DELETE /v1/keys/key_0123456789abcdef',
  'POST /v1/policies/test',
  'GET /nothing',
  'GET /',
  'GET *',
];

const excess = (request: string) => {
  const [method = '', url = ''] = request.split(' ');
  return gate.excess(method, url);
};

test('all are let in as long as nothing is too much', () => {
  for (const request of [...WRITES, ...READS, ...ALWAYS]) assert.equal(excess(request), null);
});

for (const [what, reason] of [
  ['turn', 'requests'],
  ['connections', 'connections'],
] as const) {
  test(`writes and reads are refused for too many ${reason}; what administers is not`, () => {
    state[what] = true;
    for (const request of [...WRITES, ...READS]) assert.equal(excess(request), reason, request);
    for (const request of ALWAYS) assert.equal(excess(request), null, request);
  });
}

test('only writes are refused when the writer is behind', () => {
  state.sequencer = true;
  for (const request of WRITES) assert.equal(excess(request), 'entries', request);
  for (const request of [...READS, ...ALWAYS]) assert.equal(excess(request), null, request);
});
