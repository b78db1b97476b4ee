import { timedOut } from './failure.ts';
import { Link } from './link.ts';
import * as statements from './statements.ts';

/** What one process tells the others: that a log has grown, or that tables of an app changed. */
export interface News {
  /** 0 for what belongs to no app. */
  readonly app: number;
  readonly size?: number;
  readonly tables?: readonly string[];
}

const CHANNEL = 'affidavit_news';
const PAUSE_MIN_MS = 200;
const PAUSE_MAX_MS = 5000;
const PING_MS = 5000;

/**
 * Tells all processes, this one too. Within a transaction they hear it when it commits, and not
 * otherwise: so are changes of tables told, on which caches rely. Growth is told after the
 * commit, in a transaction of its own that writes nothing: PostgreSQL commits notifying
 * transactions one by one, and would not group the flushes of logs that have nothing in common.
 */
export async function publish(link: Link, news: readonly News[]): Promise<void> {
  if (news.length === 0) return;
  await link.query(statements.notify([CHANNEL, news.map((item) => JSON.stringify(item))]));
}

function parseNews(payload: string | undefined): News | null {
  try {
    const { app, size, tables } = JSON.parse(payload ?? '') as Partial<News>;
    if (typeof app !== 'number') return null;
    return {
      app,
      ...(typeof size === 'number' ? { size } : {}),
      ...(Array.isArray(tables) ? { tables: tables.map(String) } : {}),
    };
  } catch {
    return null;
  }
}

export interface PostgresNewsOptions {
  readonly url: string;
  readonly onNews: (news: News) => void;
  /** From now on nothing is heard: what is cached must not be relied on. */
  readonly onLost: () => void;
  /** Hears again; what came in between is not known. */
  readonly onRegained: () => void;
}

/** Hears what other processes tell, on a connection of its own, which it restores for ever. */
export class PostgresNews {
  readonly #options: PostgresNewsOptions;
  #link: Link | null = null;
  #timer: NodeJS.Timeout | null = null;
  #pause = PAUSE_MIN_MS;
  #closed = false;

  private constructor(options: PostgresNewsOptions) {
    this.#options = options;
  }

  /** Resolves when it hears. Throws `StoreFailure` where the first connection fails. */
  static async open(options: PostgresNewsOptions): Promise<PostgresNews> {
    const news = new PostgresNews(options);
    await news.#listen();
    return news;
  }

  get connected(): boolean {
    return this.#link !== null && this.#link.lost === null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#link?.close();
  }

  async #listen(): Promise<void> {
    const link = await Link.open(this.#options.url, 'affidavit news');
    try {
      const late = setTimeout(() => link.destroy(timedOut()), PING_MS);
      await link.query(`LISTEN ${CHANNEL}`).finally(() => clearTimeout(late));
    } catch (error) {
      link.destroy(timedOut());
      throw error;
    }
    if (this.#closed) return link.close();
    this.#link = link;
    this.#pause = PAUSE_MIN_MS;
    link.client.on('notification', ({ payload }) => {
      const news = parseNews(payload);
      if (news) this.#options.onNews(news);
    });
    link.client.on('end', () => this.#onEnd());
    if (link.lost) this.#onEnd();
    else this.#later(PING_MS, () => this.#ping(link));
  }

  #onEnd(): void {
    if (this.#closed || this.#link === null) return;
    this.#link = null;
    this.#options.onLost();
    this.#later(this.#pause, () => this.#restore());
  }

  async #restore(): Promise<void> {
    try {
      await this.#listen();
      if (!this.#closed) this.#options.onRegained();
    } catch {
      this.#pause = Math.min(this.#pause * 2, PAUSE_MAX_MS);
      this.#later(this.#pause, () => this.#restore());
    }
  }

  /** A connection that is cut without a word is found by asking. */
  async #ping(link: Link): Promise<void> {
    const late = setTimeout(() => link.destroy(timedOut()), PING_MS);
    try {
      await link.query('SELECT 1');
      this.#later(PING_MS, () => this.#ping(link));
    } catch {
      link.destroy(timedOut());
    } finally {
      clearTimeout(late);
    }
  }

  #later(ms: number, work: () => Promise<void>): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void work(), ms);
  }
}
