/** The broker's own connections: every one guarded before and after it is made, all bounded. */
import { Agent, buildConnector } from 'undici';
import { AffidavitError } from '@affidavit/schema';
import { literalAddress } from './guard.ts';
import type { EgressGuard } from './guard.ts';

export interface ConnectionSettings {
  readonly guard: EgressGuard;
  /** Exchanges in flight, and connections per origin. */
  readonly maxConnections: number;
  /** To connect, TLS included. */
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept unless the provider says otherwise. */
  readonly keepAliveMs: number;
  /** Certificate authorities to trust instead of the built-in ones (PEM). */
  readonly ca?: string | readonly string[];
}

const KEEP_ALIVE_MAX_MS = 60_000;

function guardedConnector(settings: ConnectionSettings): buildConnector.connector {
  const { guard, ca } = settings;
  const connect = buildConnector({
    lookup: guard.lookup,
    timeout: settings.connectTimeoutMs,
    allowH2: false,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
  });
  return (target, callback) => {
    const literal = literalAddress(target.hostname);
    try {
      if (literal !== null) guard.checkAddress(literal);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(target, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      try {
        guard.checkAddress(socket.remoteAddress ?? '');
      } catch (refusal) {
        socket.destroy();
        callback(refusal as Error, null);
        return;
      }
      callback(null, socket);
    });
  };
}

/** An undici agent of our own: HTTP/1.1, keep-alive, one request at a time per connection. */
export function openAgent(settings: ConnectionSettings): Agent {
  return new Agent({
    connect: guardedConnector(settings),
    connections: settings.maxConnections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: settings.keepAliveMs,
    keepAliveMaxTimeout: Math.max(settings.keepAliveMs, KEEP_ALIVE_MAX_MS),
    // The one deadline of a call governs; undici's own timers would only add to it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Lets at most `limit` through at once; a bounded line of others waits. */
export interface Gate {
  /** True when let through; false when the line is full. Rejects when `signal` aborts first. */
  enter(signal: AbortSignal): boolean | Promise<boolean>;
  /** To be called exactly once for each one let through. */
  leave(): void;
}

/** A first-in first-out gate. */
export function createGate(limit: number, maxWaiting: number): Gate {
  let inside = 0;
  const line = new Set<() => void>();

  const wait = (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = (): void => {
        line.delete(admit);
        reject(new AffidavitError('overloaded', 'no connection became free in time'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      line.add(admit);
    });

  return {
    enter: (signal) => {
      if (inside < limit) {
        inside += 1;
        return true;
      }
      return line.size < maxWaiting ? wait(signal) : false;
    },
    leave: () => {
      const [next] = line;
      if (next === undefined) {
        inside -= 1;
        return;
      }
      line.delete(next);
      next();
    },
  };
}
