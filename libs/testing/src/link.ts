import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that a test can break. */
export interface Link {
  port: number;
  /** Breaks every connection, and each new one at once. */
  cut: () => void;
  /** Keeps connections and lets nothing through, as a network does that drops packets. */
  freeze: () => void;
  /** Breaks each new connection when so many bytes have come from the server. */
  cutAfter: (bytes: number) => void;
  /** Works again; connections that were frozen go on. */
  mend: () => void;
  close: () => Promise<void>;
}

export async function createLink(targetPort: number): Promise<Link> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
  let allowance = Infinity;

  const server = createServer(near => {
    const far = connect(targetPort, '127.0.0.1');
    let left = allowance;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => {
        if (from === near || (left -= chunk.length) >= 0) to.write(chunk);
        else {
          far.destroy();
          near.end(chunk.subarray(0, chunk.length + left));
        }
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        // What was let through before a cut arrives.
        if (to === near && left < 0) return;
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
    cutAfter(bytes) {
      allowance = bytes;
    },
    mend() {
      state = 'open';
      allowance = Infinity;
      for (const socket of sockets) socket.resume();
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        breakAll();
      }),
  };
}
