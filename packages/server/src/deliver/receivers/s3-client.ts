import { Readable } from 'node:stream';

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { DestinationConfig } from '@affidavit/schema';
import type { Egress } from '@affidavit/vault';

/** The AWS SDK makes and signs requests; they leave by our own guarded way out. */

const ANSWER_MS = 60_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

export interface S3Ports {
  readonly egress: Egress;
  readonly now: () => number;
}

type Handler = Extract<NonNullable<S3ClientConfig['requestHandler']>, { handle: unknown }>;
type Request = Parameters<Handler['handle']>[0];

export function openS3Client({ egress }: S3Ports, config: DestinationConfig<'s3'>): S3Client {
  const { endpoint, region = 'us-east-1', access_key_id, secret_access_key } = config;
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
    // Tries are ours: they are counted, and told.
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: handlerOf(egress),
  });
}

function handlerOf(egress: Egress): Handler {
  return {
    handle: async (request: Request, { abortSignal }: { abortSignal?: unknown } = {}) => {
      const url = addressOf(request);
      const { authorization = '', host: _, ...headers } = request.headers;
      const outgoing = {
        method: request.method,
        url,
        headers,
        body: request.body as Uint8Array | string | undefined,
        credential: {
          attach: (target: { readonly headers: Record<string, string> }) =>
            void Object.assign(target.headers, { authorization }),
        },
        withinScope: (target: URL) => target.origin === url.origin,
      };
      const options = {
        timeoutMs: ANSWER_MS,
        maxResponseBytes: ANSWER_BYTES_MAX,
        noRedirects: true as const,
        ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
      };
      const result = await egress.callProvider(outgoing, options);
      if (result.kind === 'failure') throw new Error(`there was no answer (${result.reason})`);
      const { status: statusCode, body } = result;
      const answered = Object.entries(result.headers).map(([name, value]) => [name, String(value)]);
      const response = {
        statusCode,
        headers: Object.fromEntries(answered) as Record<string, string>,
        body: Readable.from([Buffer.from(body)]),
      };
      return { response } as Awaited<ReturnType<Handler['handle']>>;
    },
  } as Handler;
}

function addressOf({ protocol, hostname, port, path, query = {} }: Request): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query as Record<string, string | string[] | null>))
    for (const one of [value].flat()) url.searchParams.append(name, one ?? '');
  return url;
}
