/** Stands between a store and its database, and cuts the connection at a commit. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly url: string;
  /** At the next COMMIT: loses it (`question`), or what the server says to it (`answer`). */
  cutNextCommit(lose: 'question' | 'answer'): void;
  cuts(): number;
  close(): Promise<void>;
}

export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  const target = new URL(url);
  let lose: 'question' | 'answer' | null = null;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    const cut = () => {
      cuts++;
      client.destroy();
      database.destroy();
    };
    client.on('data', (chunk: Buffer) => {
      if (lose === null || !chunk.includes('COMMIT\0')) return void database.write(chunk);
      const losing = lose;
      lose = null;
      if (losing === 'question') return cut();
      database.removeAllListeners('data').on('data', (answer: Buffer) => {
        if (answer.includes('COMMIT\0')) cut();
        else client.write(answer);
      });
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => void client.write(chunk));
    client.on('close', () => database.destroy());
    database.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    cutNextCommit: (what) => {
      lose = what;
    },
    cuts: () => cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
