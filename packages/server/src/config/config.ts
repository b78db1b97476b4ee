import { parseArgs } from 'node:util';

/** How the server was asked to run. From flags and AFFIDAVIT_* variables alone. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly data_folder: string;
  /** PostgreSQL instead of the embedded store; holds a password and is never shown. */
  readonly database_url: string | undefined;
  readonly admin_key: string | undefined;
  /** Base64 of 32 bytes; further ones after a comma only open what they sealed before. */
  readonly master_keys: string | undefined;
  readonly egress_allow: readonly string[];
  /** Begins the origin of every ledger. */
  readonly origin: string;
  /** How people reach this server; where it listens unless set. Without a slash at the end. */
  readonly public_url: string | undefined;
  /** Origins that a connect may return to; any unless there are some. */
  readonly return_origins: readonly string[];
  /** Where the built pages of the portal are; beside this package unless set. */
  readonly pages_folder: string | undefined;
  readonly trust_proxy: boolean;
  readonly write_deadline_ms: number;
  readonly query_deadline_ms: number;
  /** Longest time until a request has come in whole. */
  readonly request_deadline_ms: number;
  readonly connections_max: number;
  readonly accept_rollback: string | undefined;
  readonly guard_path: string | undefined;
  /** Number of the app that exists from the first start. */
  readonly home_app: number;
}

/** A setting that cannot be used; the message says which and what it should be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const HELP = `Affidavit, the audit trail for AI agents

  npm start -- [--port 7411] [--host 127.0.0.1] [--data ./affidavit-data]

  --port N              port to listen on (default 7411, 0 for any free one)
  --host ADDRESS        address to listen on (default 127.0.0.1)
  --data FOLDER         where the ledger is kept (default ./affidavit-data)
  --accept-rollback WHY start on a database that is behind its last checkpoint,
                        for this reason, which goes on the record
  --help                this text

Environment
  AFFIDAVIT_ADMIN_KEY          the first admin key (else one is made and shown once)
  AFFIDAVIT_DATABASE_URL       postgres://user:password@host:port/database keeps the ledger in
                               PostgreSQL, where any number of servers can share it; give all of
                               them the same AFFIDAVIT_MASTER_KEY
  AFFIDAVIT_MASTER_KEY         base64 of 32 bytes, encrypts secrets and signing keys; after a
                               comma, earlier keys that are being rotated out
  AFFIDAVIT_EGRESS_ALLOW       networks that agents may call though they are private, such as
                               127.0.0.0/8,10.1.0.0/16
  AFFIDAVIT_ORIGIN             begins the origin of every ledger (default affidavit.local)
  AFFIDAVIT_PUBLIC_URL         how people reach this server, such as https://audit.example.com;
                               /v1/connect/callback below it is the redirect URI of OAuth,
                               /v1/sign-in/callback that of identity providers
                               (default: where it listens)
  AFFIDAVIT_RETURN_ORIGINS     where people may be sent after connecting an account, such as
                               https://app.example.com (default: any https address)
  AFFIDAVIT_PAGES_FOLDER       where the built pages of the portal are (default: with the server)
  AFFIDAVIT_TRUST_PROXY        1 when exactly one proxy in front sets X-Forwarded-For
  AFFIDAVIT_WRITE_DEADLINE_MS  longest wait for the trail (default 5000)
  AFFIDAVIT_QUERY_DEADLINE_MS  longest query (default 10000)
  AFFIDAVIT_REQUEST_DEADLINE_MS
                               longest time a request may take to come in (default 60000)
  AFFIDAVIT_CONNECTIONS_MAX    connections open at once (default 8192)
  AFFIDAVIT_GUARD_FILE         where the last checkpoints are kept apart from the database
`;

type Environment = Readonly<Record<string, string | undefined>>;

const HOME_APP = 1;

/** Reads flags and variables. Throws `ConfigError`; returns null where help was asked for. */
export function readConfig(argv: readonly string[], env: Environment): Config | null {
  const flags = readFlags(argv);
  if (flags.help) return null;
  return {
    host: flags.host ?? '127.0.0.1',
    port: wholeNumber('--port', flags.port ?? '7411', 0, 65_535),
    data_folder: filled('--data', flags.data) ?? './affidavit-data',
    database_url: databaseUrl(env.AFFIDAVIT_DATABASE_URL),
    admin_key: adminKey(env.AFFIDAVIT_ADMIN_KEY),
    master_keys: env.AFFIDAVIT_MASTER_KEY,
    egress_allow: list(env.AFFIDAVIT_EGRESS_ALLOW),
    origin: origin(env.AFFIDAVIT_ORIGIN ?? 'affidavit.local'),
    public_url: publicUrl(env.AFFIDAVIT_PUBLIC_URL),
    return_origins: list(env.AFFIDAVIT_RETURN_ORIGINS).map(webOrigin),
    pages_folder: env.AFFIDAVIT_PAGES_FOLDER || undefined,
    trust_proxy: env.AFFIDAVIT_TRUST_PROXY === '1',
    write_deadline_ms: milliseconds(env, 'AFFIDAVIT_WRITE_DEADLINE_MS', '5000'),
    query_deadline_ms: milliseconds(env, 'AFFIDAVIT_QUERY_DEADLINE_MS', '10000'),
    request_deadline_ms: milliseconds(env, 'AFFIDAVIT_REQUEST_DEADLINE_MS', '60000'),
    connections_max: wholeNumber(
      'AFFIDAVIT_CONNECTIONS_MAX',
      env.AFFIDAVIT_CONNECTIONS_MAX ?? '8192',
      1,
      100_000,
    ),
    accept_rollback: filled('--accept-rollback', flags['accept-rollback']),
    guard_path: env.AFFIDAVIT_GUARD_FILE,
    home_app: HOME_APP,
  };
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        'accept-rollback': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
}

function filled(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text.trim() !== '') return text;
  throw new ConfigError(`${name}: expected a text that is not empty`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new ConfigError(`${name}: expected a whole number from ${min} to ${max}, got "${text}"`);
}

function milliseconds(env: Environment, name: string, preset: string): number {
  return wholeNumber(name, env[name] ?? preset, 500, 600_000);
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function adminKey(key: string | undefined): string | undefined {
  if (key === undefined || key === '') return undefined;
  if (/^[\x21-\x7e]{8,512}$/.test(key)) return key;
  throw new ConfigError('AFFIDAVIT_ADMIN_KEY: expected 8 to 512 visible ASCII characters');
}

/** The message never repeats it: it may hold a password. */
function databaseUrl(url: string | undefined): string | undefined {
  if (url === undefined || url === '') return undefined;
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new ConfigError(
    'AFFIDAVIT_DATABASE_URL: expected postgres://user:password@host:port/database',
  );
}

/** C2SP: a schema-less URL, without spaces or plus. */
function origin(text: string): string {
  if (/^[^\s+]{1,200}$/.test(text) && !text.endsWith('/')) return text;
  throw new ConfigError('AFFIDAVIT_ORIGIN: expected a name such as audit.example.com');
}

function publicUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:\/\/[^?#@]+$/.test(text);
  if (isPlain) return url.href.replace(/\/+$/, '');
  throw new ConfigError(
    'AFFIDAVIT_PUBLIC_URL: expected an address such as https://audit.example.com',
  );
}

function webOrigin(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && [url.origin, `${url.origin}/`].includes(text)) {
    return url.origin;
  }
  throw new ConfigError(
    'AFFIDAVIT_RETURN_ORIGINS: expected origins such as https://app.example.com',
  );
}
