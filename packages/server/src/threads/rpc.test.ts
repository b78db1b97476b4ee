import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { Thread, ThreadEnded } from './rpc.ts';

const MODULE = new URL('./testing/echo-thread.ts', import.meta.url);

const threads: Thread[] = [];
function start(onNotice: (notice: number) => void = () => undefined): Thread {
  const thread = new Thread(MODULE, null, { onNotice });
  threads.push(thread);
  return thread;
}
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.terminate())));

test('calls are answered, each with its own', async () => {
  const thread = start();
  const answers = await Promise.all([1, 2, 3].map((value) => thread.call('echo', { value })));
  assert.deepEqual(answers, [{ value: 1 }, { value: 2 }, { value: 3 }]);
  await assert.rejects(thread.call('fail', null), /on purpose/);
  await assert.rejects(thread.call('unknown', null), /no operation unknown/);
});

test('what a thread tells before it answers is heard before', async () => {
  const heard: number[] = [];
  const thread = start((notice) => heard.push(notice));
  assert.equal(await thread.call('count', 2000), 2000);
  assert.equal(heard.length, 2000);
});

test('an answer can be taken without giving the event loop its turn', async () => {
  const thread = start();
  await thread.call('echo', 'ready');
  const call = thread.call('echo', 'here');
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; thread.pending > 0 && tries < 1000; tries++) {
    thread.poll();
    Atomics.wait(sleeper, 0, 0, 5);
  }
  assert.equal(thread.pending, 0);
  assert.equal(await call, 'here');
  thread.poll();
});

test('what was answered before the thread ended is told; what was not has failed', async () => {
  assert.equal(await start().call('leave', null), 'left');
  const thread = start();
  await assert.rejects(thread.call('end', null), ThreadEnded);
  await assert.rejects(thread.call('echo', 1), ThreadEnded);
});
