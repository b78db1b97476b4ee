import { AffidavitError } from '@affidavit/schema';
import type { FastifyReply } from 'fastify';

import { isSecureUrl } from '../../access/cookies.ts';
import type { PageFile } from '../../pages/pages.ts';
import { page } from '../page.ts';
import { route, type Context, type Route } from '../route.ts';

/** The pages for people: the portal, and the wallet. They are files; what they show the API gives. */

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** What no page here needs of a browser. */
const PERMISSIONS = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
  .map((name) => `${name}=()`)
  .join(', ');

const HSTS_SECONDS = 365 * 86_400;
const ASSETS = '/assets/';
/** A name with a digest of what the file holds. */
const HASHED = /^\/assets\/.*-[\w-]{8}\.\w+$/;
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Kept, and asked for again each time. */
const ASK_AGAIN = 'no-cache';

const NOT_BUILT =
  'The pages of the portal have not been built. Run "npm run prepare" in the folder of ' +
  'Affidavit, and start the server again. The API answers all the same.';

/** Most of one part of a path: what is longer fits no route but that of the pages. */
export const PATH_PART_CHARACTERS = 300;

/** What belongs to the API alone: no page is there. */
const API = /^\/(v1|openapi\.json|healthz|readyz|metrics)(\/|$)/;

async function sendPage(context: Context): Promise<undefined> {
  const { services, reply } = context;
  const path = pathOf(reply.request.url);
  const file = services.pages.get(path);
  if (file && !path.endsWith('.html')) return send(context, file, cachingOf(path));
  if (!isForPeople(path, reply)) {
    if (path.split('/').some((part) => part.length > PATH_PART_CHARACTERS)) {
      throw new AffidavitError('invalid_request', 'a part of the path is too long');
    }
    throw new AffidavitError('not_found', `there is no GET ${path.slice(0, 200)}`);
  }
  const isWallet = path === '/wallet' || path.startsWith('/wallet/');
  const found = services.pages.get(isWallet ? '/wallet.html' : '/index.html');
  if (!found) return page(reply, 503, 'Not built yet', NOT_BUILT);
  return send(context, found, ASK_AGAIN);
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
const cachingOf = (path: string): string => (HASHED.test(path) ? FOR_EVER : ASK_AGAIN);

/** A browser says that it takes HTML; a program that mistook an address gets an answer of the API. */
function isForPeople(path: string, { request }: FastifyReply): boolean {
  if (API.test(path) || path.startsWith(ASSETS)) return false;
  return path === '/' || (request.headers.accept ?? '').includes('text/html');
}

async function send({ services, reply }: Context, file: PageFile, caching: string) {
  const { headers } = reply.request;
  protect(reply, isSecureUrl(services.publicUrl()));
  reply
    .header('cache-control', caching)
    .header('etag', file.etag)
    .header('vary', 'accept-encoding');
  if (headers['if-none-match'] === file.etag) {
    void reply.code(304).send();
    return undefined;
  }
  const { bytes, encoding } = await file.as(String(headers['accept-encoding'] ?? ''));
  if (encoding !== null) reply.header('content-encoding', encoding);
  void reply.type(file.type).send(bytes);
  return undefined;
}

function protect(reply: FastifyReply, isSecure: boolean): void {
  reply
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('x-frame-options', 'DENY')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('cross-origin-resource-policy', 'same-origin')
    .header('permissions-policy', PERMISSIONS);
  if (isSecure) reply.header('strict-transport-security', `max-age=${HSTS_SECONDS}`);
}

export const pageRoutes: readonly Route[] = [
  route({
    access: 'public',
    tag: 'pages',
    method: 'GET',
    path: '/*',
    summary: 'The pages of the portal and the wallet',
    anyQuery: true,
    produces: 'text/html',
    errors: ['not_found', 'invalid_request'],
    handler: sendPage,
  }),
];
