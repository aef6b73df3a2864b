import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that a test can break. */
export interface Link {
  port: number;
  /** Breaks every connection, and each new one at once. */
  cut: () => void;
  /** Keeps connections and lets nothing through, as a network does that drops packets. */
  freeze: () => void;
  /** Works again; connections that were frozen go on. */
  mend: () => void;
  close: () => Promise<void>;
}

export async function createLink(targetPort: number): Promise<Link> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'frozen' = 'open';

  const server = createServer(near => {
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => void to.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (state === 'frozen') from.pause();
    }
    if (state === 'cut') near.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut';
      breakAll();
    },
    freeze() {
      state = 'frozen';
      for (const socket of sockets) socket.pause();
    },
    mend() {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        breakAll();
      }),
  };
}
