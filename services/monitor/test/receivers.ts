import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import * as x509 from '@peculiar/x509';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** One that signs itself: it is its own authority. */
export async function certificateFor(name: string): Promise<Certificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { cert: certificate.toString('pem'), key: String(key) };
}

/** What a receiver does with a connection. */
export type Manner =
  | 'take'
  /** Reads this many bytes and then resets the connection. */
  | { readonly resetAfter: number }
  /** Accepts and closes, as a balancer does that has nobody behind it. */
  | 'hang-up'
  | 'freeze';

export interface SyslogReceiver {
  readonly port: number;
  /** The messages that came whole. */
  readonly messages: string[];
  /** How often somebody connected. */
  readonly connections: () => number;
  manner: Manner;
  close: () => Promise<void>;
}

export async function startSyslogReceiver(certificate?: Certificate, port = 0): Promise<SyslogReceiver> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, receiver);
  };
  const server: Server =
    certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept);
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const receiver: SyslogReceiver = {
    port: (server.address() as AddressInfo).port,
    messages: [],
    connections: () => connections,
    manner: 'take',
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return receiver;
}

function serve(socket: Socket, { manner, messages }: SyslogReceiver): void {
  if (manner === 'hang-up') socket.end();
  if (manner === 'freeze') socket.pause();
  if (manner === 'freeze' || manner === 'hang-up') return;
  let rest = Buffer.alloc(0);
  let read = 0;
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length;
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const space = rest.indexOf(' ');
      const end = space + 1 + Number(rest.subarray(0, Math.max(space, 0)).toString());
      if (space < 0 || rest.length < end) break;
      messages.push(rest.subarray(space + 1, end).toString());
      rest = rest.subarray(end);
    }
    if (manner !== 'take' && read >= manner.resetAfter) socket.resetAndDestroy();
  });
}

export interface HttpReceiver {
  readonly url: string;
  /** The lines of each request that was answered with 2xx. */
  readonly taken: string[][];
  readonly requests: IncomingMessage[];
  /** Answers of the next requests, in turn; then 200. */
  readonly answers: ((response: ServerResponse) => void)[];
  decode: (body: Buffer) => Buffer;
  close: () => Promise<void>;
}

export async function startHttpReceiver(): Promise<HttpReceiver> {
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      receiver.requests.push(request);
      const answer = receiver.answers.shift();
      if (answer === undefined) response.statusCode = 200;
      answer?.(response);
      if (response.statusCode < 300 && !response.destroyed) {
        const lines = receiver.decode(Buffer.concat(chunks)).toString().split('\n');
        receiver.taken.push(lines.slice(0, -1));
      }
      if (!response.destroyed) response.end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/intake`,
    taken: [],
    requests: [],
    answers: [],
    decode: body => body,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
