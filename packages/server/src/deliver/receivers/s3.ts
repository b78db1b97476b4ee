import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { AuditRecord, DestinationConfig } from '@affidavit/schema';

import { PARQUET_START, parquetEnd, parquetGroup } from '../../export/parquet.ts';
import type { Deliverable, Receiver, SendResult } from '../receiver.ts';
import { openS3Client, type S3Ports } from './s3-client.ts';

/**
 * Objects in a bucket, by the hour in which entries were made: `dt=2026-11-21/hr=08/…`. Beside them
 * digests, as CloudTrail has them: each names its files with their hashes, and the digest before it.
 */

const LIMITS = { entries: 1000, bytes: 4_000_000, entryBytes: 4_000_000, waitMs: 5000 };
const gzipped = promisify(gzip);
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest();

/** The digest before: where it is, and the SHA-256 of its bytes, hex. */
interface DigestRef {
  readonly key: string;
  readonly sha256: string;
}

interface FileOfDigest extends DigestRef {
  readonly bytes: number;
  readonly entries: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Of the last entry: ties the file to the signed ledger. */
  readonly last_leaf_hash: string;
}

export interface S3Settings extends S3Ports {
  readonly config: DestinationConfig<'s3'>;
  readonly destination_id: string;
}

export function openS3(settings: S3Settings): Receiver {
  const client = openS3Client(settings, settings.config);
  const bucket = new Bucket(client, settings);
  // The live cursor and a backfill add to one chain of digests.
  let last: Promise<unknown> = Promise.resolve();
  return {
    limits: LIMITS,
    send: (batch, signal) => {
      const sent = last.then(() =>
        bucket.add(batch, signal).catch((error: Error) => failed(error)),
      );
      last = sent;
      return sent;
    },
    close: async () => client.destroy(),
  };
}

class Bucket {
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  readonly #prefix: string;
  /** Null where there is none, undefined where we have not looked. */
  #previous: DigestRef | null | undefined;

  constructor(client: S3Client, settings: S3Settings) {
    this.#client = client;
    this.#settings = settings;
    const { prefix = '' } = settings.config;
    this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  }

  /** The same names for the same entries: what is sent again replaces itself. */
  async add(batch: readonly Deliverable[], signal: AbortSignal): Promise<SendResult> {
    if (this.#previous === undefined) this.#previous = await this.#newest(signal);
    const files: FileOfDigest[] = [];
    for (const [hour, entries] of Map.groupBy(batch, ({ created_at }) => hourOf(created_at)))
      files.push(await this.#putFile(hour, entries, signal));
    await this.#putDigest(files, signal);
    return { kind: 'accepted', said: { status: 200, text: `${files.length} objects` } };
  }

  async #putFile(hour: string, entries: readonly Deliverable[], signal: AbortSignal) {
    const [first, last] = [entries[0] as Deliverable, entries.at(-1) as Deliverable];
    const { format = 'ndjson' } = this.#settings.config;
    const bytes = format === 'parquet' ? parquet(entries) : await ndjson(entries);
    const ending = format === 'parquet' ? 'parquet' : 'ndjson.gz';
    const key = `${this.#prefix}${hour}/${seqName(first)}-${seqName(last)}.${ending}`;
    await this.#put(key, bytes, 'application/octet-stream', signal);
    return {
      key,
      sha256: sha256(bytes).toString('hex'),
      bytes: bytes.length,
      entries: entries.length,
      first_seq: first.seq,
      last_seq: last.seq,
      last_leaf_hash: last.leaf_hash,
    };
  }

  async #putDigest(files: readonly FileOfDigest[], signal: AbortSignal): Promise<void> {
    const { destination_id, now } = this.#settings;
    const at = now();
    const previous = this.#previous ?? null;
    const created_at = new Date(at).toISOString();
    const text = JSON.stringify({ version: 1, destination_id, created_at, previous, files });
    const key = `${this.#prefix}digests/${hourOf(at)}/${created_at.replaceAll(':', '')}-${files[0]?.first_seq}.json`;
    await this.#put(key, Buffer.from(text), 'application/json', signal);
    const digest = { key, sha256: sha256(text).toString('hex') };
    const newest = Buffer.from(JSON.stringify(digest));
    await this.#put(this.#newestKey(), newest, 'application/json', signal);
    this.#previous = digest;
  }

  #newestKey(): string {
    return `${this.#prefix}digests/newest-${this.#settings.destination_id}.json`;
  }

  /** Where the chain of digests goes on; null where it begins, or may not be read. */
  async #newest(signal: AbortSignal): Promise<DigestRef | null> {
    const { bucket: Bucket } = this.#settings.config;
    try {
      const get = new GetObjectCommand({ Bucket, Key: this.#newestKey() });
      const { Body } = await this.#client.send(get, { abortSignal: signal });
      return JSON.parse((await Body?.transformToString()) ?? 'null') as DigestRef | null;
    } catch (error) {
      const status = statusOf(error);
      if (status === 403 || status === 404) return null;
      throw error;
    }
  }

  /** With its hash, which buckets with Object Lock ask for. */
  async #put(key: string, bytes: Uint8Array, type: string, signal: AbortSignal): Promise<void> {
    const put = new PutObjectCommand({
      Bucket: this.#settings.config.bucket,
      Key: key,
      Body: bytes,
      ContentType: type,
      ChecksumSHA256: sha256(bytes).toString('base64'),
    });
    await this.#client.send(put, { abortSignal: signal });
  }
}

/** Partitions that Athena, Spark and others understand. */
function hourOf(time: number): string {
  const text = new Date(time).toISOString();
  return `dt=${text.slice(0, 10)}/hr=${text.slice(11, 13)}`;
}

/** Names sort as the entries do. */
const seqName = ({ seq }: Deliverable) => String(seq).padStart(15, '0');

const ndjson = (entries: readonly Deliverable[]): Promise<Buffer> =>
  gzipped(entries.map(({ json }) => `${json}\n`).join(''));

function parquet(entries: readonly Deliverable[]): Buffer {
  const records = entries.map(({ json }) => JSON.parse(json) as AuditRecord);
  const { bytes, group } = parquetGroup(records, PARQUET_START.length);
  const end = parquetEnd([group], PARQUET_START.length + bytes.length);
  return Buffer.concat([PARQUET_START, bytes, end]);
}

const statusOf = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

/** No entry is at fault where a bucket does not take an object. */
function failed(error: Error): SendResult {
  const status = statusOf(error) ?? null;
  const reason = status === null ? error.message : `it answered ${status} (${error.name})`;
  const said = { status, text: `${error.name}: ${error.message}`.slice(0, 300) };
  const kind = status === 401 || status === 403 ? 'halt' : 'later';
  return { kind, reason, said };
}
