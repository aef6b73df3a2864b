import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  port: number;
  /**
   * Stops accepting, lets requests under way finish, closes idle connections at once, and after
   * `deadlineMs` closes what is left. Safe to call twice.
   */
  stop: (deadlineMs: number) => Promise<void>;
}

/** Works for node:http and node:https servers alike. Port 0 asks the system for a free one. */
export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  let stopping: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stop: deadlineMs => (stopping ??= drain(server, deadlineMs)),
  };
}

async function drain(server: Server, deadlineMs: number): Promise<void> {
  // Keep-alive connections would otherwise stay open for their next request.
  server.prependListener('request', (_request, response) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  });
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  server.closeIdleConnections();
  // Those whose answer had begun before turn idle only now, and their clients may keep them for long.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
