import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';

import { AffidavitError, type DestinationConfig } from '@affidavit/schema';
import type { EgressGuard } from '@affidavit/vault';

import type { Deliverable, Receiver, SendResult } from '../receiver.ts';
import { severityOf } from '../severity.ts';

/** Syslog messages (RFC 5424) over TLS with octet counting (RFC 5425), or so over TCP (RFC 6587). */

const LIMITS = { entries: 500, bytes: 1_000_000, entryBytes: 65_536, waitMs: 250 };
const SEND_MS = 30_000;
/** Facility "log audit". */
const FACILITY = 13;
/** Of structured data; the number is the one for examples (RFC 5612). */
const SD_ID = 'affidavit@32473';

export interface SyslogSettings {
  readonly config: DestinationConfig<'syslog'>;
  readonly guard: EgressGuard;
}

/**
 * Syslog has no answers. Each batch has a connection of its own, and counts as accepted when the
 * receiver has read it to its end and closes too.
 */
export function openSyslog({ config, guard }: SyslogSettings): Receiver {
  const host = printable(hostname(), 255);
  return {
    limits: LIMITS,
    send: async (batch, signal) => {
      try {
        const { host: name } = config;
        if (isIP(name) !== 0) guard.checkAddress(name);
        const bytes = Buffer.concat(batch.map((entry) => frame(entry, host)));
        await deliver(connect(config, guard), bytes, signal);
        return { kind: 'accepted', said: { status: null, text: 'it read all and closed' } };
      } catch (error) {
        return failed(error);
      }
    },
    close: async () => undefined,
  };
}

function failed(error: unknown): SendResult {
  const { code, message } = error as Error & { code?: string };
  const isBlocked = error instanceof AffidavitError && code === 'egress_blocked';
  const reason = isBlocked ? 'its address may not be called' : `no delivery: ${code ?? message}`;
  return { kind: 'later', reason, said: { status: null, text: reason } };
}

function connect({ host, port, tls, ca }: SyslogSettings['config'], guard: EgressGuard): Socket {
  const to = { host, port, lookup: guard.lookup };
  if (!tls) return connectTcp(to);
  const named = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ ...to, ...named, ...(ca === undefined ? {} : { ca }) });
}

/** Rejects where the connection ends before the receiver has ended it in order. */
function deliver(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (error: Error) => socket.destroy(error);
    const timer = setTimeout(() => give(new Error('it took too long')), SEND_MS);
    const stop = () => give(new Error('the delivery was stopped'));
    signal.addEventListener('abort', stop, { once: true });
    let hasEnded = false;
    socket.on('error', reject);
    socket.on('end', () => (hasEnded = true));
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (hasEnded && socket.writableFinished) resolve();
      else reject(new Error('the connection was cut'));
    });
    socket.resume();
    socket.end(bytes);
  });
}

function frame({ created_at, event_id, event_type, seq, json }: Deliverable, host: string): Buffer {
  const outcome = /"outcome":"(\w+)"/.exec(json)?.[1];
  const priority = FACILITY * 8 + severityOf(outcome).syslog;
  const time = new Date(created_at).toISOString();
  const data = `[${SD_ID} event_id="${quoted(event_id)}" seq="${seq}"]`;
  const head = `<${priority}>1 ${time} ${host} affidavit - ${printable(event_type, 32)} ${data}`;
  const message = Buffer.from(`${head} ${json}`);
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** PRINTUSASCII of section 6, without spaces. */
function printable(text: string, max: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, max) || '-';
}

/** Section 6.3.3. */
const quoted = (text: string) => text.replaceAll(/["\\\]]/g, '\\$&');
