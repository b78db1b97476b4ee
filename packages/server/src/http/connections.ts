import type { Server } from 'node:http';

const TIDY_PAUSE_MS = 1000;

/**
 * Bounds the connections that are open at once. Beyond the limit idle ones are closed, and requests
 * on new ones are refused and their connections ended; an eighth beyond it, they are ended as they
 * come.
 */
export class Connections {
  readonly #limit: number;
  #open = 0;
  #tidied = Number.NEGATIVE_INFINITY;

  constructor(server: Server, limit: number) {
    this.#limit = limit;
    server.maxConnections = limit + Math.ceil(limit / 8);
    server.on('connection', (socket) => {
      this.#open++;
      socket.once('close', () => this.#open--);
      if (this.areTooMany) this.#tidy(server);
    });
  }

  get areTooMany(): boolean {
    return this.#open > this.#limit;
  }

  #tidy(server: Server): void {
    const now = performance.now();
    if (now - this.#tidied < TIDY_PAUSE_MS) return;
    this.#tidied = now;
    server.closeIdleConnections();
  }
}
