import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Listening {
  port: number;
  /**
   * Stops accepting, lets requests under way finish, closes idle connections at once, and after
   * `deadlineMs` closes what is left. Before that it serves as ever for `noticeMs`, in which those who ask whether
   * this server is ready can turn to another. Safe to call twice.
   */
  stop: (deadlineMs: number, noticeMs?: number) => Promise<void>;
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
    stop: (deadlineMs, noticeMs = 0) => (stopping ??= drain(server, deadlineMs, noticeMs)),
  };
}

async function drain(server: Server, deadlineMs: number, noticeMs: number): Promise<void> {
  // Keep-alive connections would otherwise stay open for their next request.
  server.prependListener('request', (_request, response) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  });
  if (noticeMs > 0) await pause(noticeMs);
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  server.closeIdleConnections();
  // Those whose answer had begun before turn idle only now, and their clients may keep them for long.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
