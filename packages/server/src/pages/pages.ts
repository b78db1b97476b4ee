import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** The pages of the portal and the wallet, as they were built: read at the start, sent from memory. */

/** Where the build of the portal puts them, beside this package. */
const BUILT = fileURLToPath(new URL('../../../portal/dist/pages', import.meta.url));
const FILES_MAX = 2000;
const BYTES_MAX = 64 * 1024 * 1024;
/** Best that is still quick: each file is compressed once. */
const BROTLI_QUALITY = 9;
/** Smaller ones are sent as they are. */
const COMPRESSED_MIN_BYTES = 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};
const COMPRESSIBLE: ReadonlySet<string> = new Set([
  '.html',
  '.js',
  '.css',
  '.svg',
  '.json',
  '.wasm',
]);

export type Encoding = 'br' | 'gzip';

const COMPRESS: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
    return promisify(brotliCompress)(bytes, { params });
  },
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/** One file, in whichever form a browser takes. */
export class PageFile {
  readonly type: string;
  readonly etag: string;
  readonly #bytes: Buffer;
  readonly #isCompressible: boolean;
  readonly #compressed = new Map<Encoding, Promise<Buffer>>();

  constructor(bytes: Buffer, extension: string) {
    this.#bytes = bytes;
    this.type = TYPES[extension] as string;
    this.etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    this.#isCompressible = COMPRESSIBLE.has(extension) && bytes.length >= COMPRESSED_MIN_BYTES;
  }

  /** In the best encoding of those accepted; the first one who asks for it waits. */
  async as(accepted: string): Promise<{ bytes: Buffer; encoding: Encoding | null }> {
    const encoding = this.#isCompressible ? bestOf(accepted) : null;
    if (encoding === null) return { bytes: this.#bytes, encoding };
    let compressing = this.#compressed.get(encoding);
    if (!compressing) {
      compressing = COMPRESS[encoding](this.#bytes);
      this.#compressed.set(encoding, compressing);
    }
    return { bytes: await compressing, encoding };
  }
}

/** RFC 9110, section 12.5.3, for the two there are. */
function bestOf(accepted: string): Encoding | null {
  const takes = (name: Encoding) =>
    accepted.split(',').some((one) => {
      const [coding = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      return coding === name && !parameters.some((part) => /^q=0(\.0*)?$/.test(part));
    });
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : null;
}

/** All that was built, by path; empty where nothing was. */
export type Pages = ReadonlyMap<string, PageFile>;

/** Throws where the folder holds more than pages. */
export function readPages(folder: string = BUILT): Pages {
  const pages = new Map<string, PageFile>();
  let held = 0;
  for (const path of filesIn(folder)) {
    const bytes = readFileSync(path);
    held += bytes.length;
    if (pages.size >= FILES_MAX || held > BYTES_MAX) {
      throw new Error(`${folder} has more than pages in it`);
    }
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    pages.set(name, new PageFile(bytes, extname(path)));
  }
  return pages;
}

/** What no browser asks for, such as source maps, stays where it was built. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => Object.hasOwn(TYPES, extname(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
