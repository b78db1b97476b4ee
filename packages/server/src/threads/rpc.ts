import {
  MessageChannel,
  parentPort,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
  type TransferListItem,
} from 'node:worker_threads';

import { AffidavitError, type ErrorCode, type ErrorDetails } from '@affidavit/schema';

import { StoreFailure, type FailureReason } from '../store/port.ts';

/** Calls into a worker thread, and answers out of it. Errors of our own classes keep their class. */

interface Call {
  readonly id: number;
  readonly op: string;
  readonly args: unknown;
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError };

type Message = Answer | { readonly notice: never };

type WireError =
  | {
      readonly kind: 'affidavit';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    }
  | {
      readonly kind: 'store';
      readonly reason: FailureReason;
      readonly message: string;
      readonly committed: 'no' | 'unknown';
    }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };

function encodeError(error: unknown): WireError {
  if (error instanceof AffidavitError) {
    const { code, message, details } = error;
    const { cause: _cause, ...wire } = details;
    return { kind: 'affidavit', code, message, details: wire };
  }
  if (error instanceof StoreFailure) {
    const { reason, message, committed } = error;
    return { kind: 'store', reason, message, committed };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', message, stack };
}

function decodeError(wire: WireError): Error {
  if (wire.kind === 'affidavit') return new AffidavitError(wire.code, wire.message, wire.details);
  if (wire.kind === 'store') {
    return new StoreFailure(wire.reason, wire.message, { committed: wire.committed });
  }
  return Object.assign(new Error(wire.message), { stack: wire.stack });
}

export type Handlers = Record<string, (args: never) => unknown>;

/** In the worker: where calls come from. Set before the first of them. */
let main: MessagePort | null = null;

/** In the worker: answers calls with these handlers, each as it comes, by the port that it is sent. */
export function serve(handlers: Handlers): void {
  if (!parentPort) throw new Error('serve() belongs in a worker thread');
  parentPort.once('message', (port: MessagePort) => {
    main = port;
    port.on('message', (call: Call) => void answer(port, handlers, call));
  });
}

async function answer(port: MessagePort, handlers: Handlers, { id, op, args }: Call) {
  try {
    const handler = handlers[op];
    if (!handler) throw new Error(`no operation ${op}`);
    port.postMessage({ id, value: await handler(args as never) } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, error: encodeError(error) } satisfies Answer);
  }
}

/** In the worker: tells the main thread something it did not ask for, ahead of all later answers. */
export function notify(notice: unknown): void {
  main?.postMessage({ notice });
}

/** What calls get whose thread ended before it answered: whether they took effect is not known. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Of one thread. Small young generations: what crosses threads is short-lived and much. */
const MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 };

/** In the main thread: one worker and the calls under way in it. */
export class Thread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #onNotice: ((notice: never) => void) | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #ended: Error | null = null;

  /** `onNotice` gets what the worker sends with `notify`; `onEnd` fires once, with the reason. */
  constructor(
    module: URL,
    workerData: unknown,
    hooks: { onNotice?: (notice: never) => void; onEnd?: (reason: Error) => void } = {},
  ) {
    // Files that a thread opens by themselves stay open when it ends: closing one would drop the
    // locks that the whole process has on it (POSIX), and SQLite relies on them.
    const options = { workerData, resourceLimits: MEMORY, trackUnmanagedFds: false };
    this.#worker = new Worker(module, options);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#onNotice = hooks.onNotice;
    this.#port.on('message', (message: Message) => this.#take(message));
    this.#worker.postMessage(port2, [port2]);
    const end = (message: string, cause?: unknown) => {
      if (this.#ended) return;
      this.poll();
      this.#port.close();
      const reason = new ThreadEnded(message, { cause });
      this.#ended = reason;
      for (const { reject } of this.#waiting.values()) reject(reason);
      this.#waiting.clear();
      hooks.onEnd?.(reason);
    };
    this.#worker.on('error', (error) => end('the thread failed', error));
    this.#worker.on('exit', (code) => end(`the thread ended with code ${code}`));
  }

  get pending(): number {
    return this.#waiting.size;
  }

  call<T>(op: string, args: unknown, transfer: readonly TransferListItem[] = []): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject });
      this.#port.postMessage({ id, op, args } satisfies Call, [...transfer]);
    });
  }

  /**
   * Takes the answers that are here already, before whatever else the event loop has in its hands: in a
   * burst of requests they would come behind all of them.
   */
  poll(): void {
    while (this.#waiting.size > 0) {
      const found = receiveMessageOnPort(this.#port) as { message: Message } | undefined;
      if (!found) return;
      this.#take(found.message);
    }
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: Message): void {
    if ('notice' in message) this.#onNotice?.(message.notice);
    else this.#settle(message);
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting.reject(decodeError(answer.error));
    else waiting.resolve(answer.value as never);
  }
}
