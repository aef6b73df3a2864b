import { Agent, request } from 'node:https';
import type { Access, Address } from './cluster.ts';

export interface Reply {
  readonly status: number;
  readonly requestId: string;
  readonly body: Record<string, unknown> | undefined;
}

/** Why a request has no answer. `stuck`: it was not sent, as all that it could be about waits for answers. */
export type Silence = 'no gateway' | 'cut' | 'timeout' | 'stuck';

export class NoReply extends Error {
  override readonly name = 'NoReply';
  readonly silence: Silence;
  constructor(silence: Silence) {
    super(silence);
    this.silence = silence;
  }
}

export interface Sent {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is when text. */
  readonly body?: unknown;
}

/** Speaks TLS over kept connections to any of the gateway's replicas. */
export interface GatewayClient {
  /** Rejects with NoReply. */
  send: (method: string, path: string, sent?: Sent) => Promise<Reply>;
  /** Where the gateways are from now on. */
  aim: (gateways: readonly Address[]) => void;
  close: () => void;
}

const CONNECT_DEADLINE_MS = 3_000;
const ANSWER_DEADLINE_MS = 15_000;

/**
 * Takes gateways in turns. One that cannot be connected to is left for the next, as nothing was sent to it; that is
 * all that is ever repeated.
 */
export function createGatewayClient(access: Access): GatewayClient {
  let addresses: readonly Address[] = [];
  const agent = new Agent({ keepAlive: true, ca: access.ca });
  let turn = 0;

  async function send(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    const start = (turn += 1) % Math.max(1, addresses.length);
    for (const address of [...addresses.slice(start), ...addresses.slice(0, start)]) {
      const reply = await exchange(agent, address, method, path, sent);
      if (reply !== undefined) return reply;
    }
    throw new NoReply('no gateway');
  }

  return {
    send,
    aim(gateways) {
      addresses = gateways;
    },
    close: () => agent.destroy(),
  };
}

/** Undefined when no connection could be opened. */
function exchange(
  agent: Agent,
  { host, port }: Address,
  method: string,
  path: string,
  { token, headers, body }: Sent,
): Promise<Reply | undefined> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const outgoing = request({
      agent,
      host,
      port,
      method,
      path,
      // Only the address may differ from the certificate's name.
      servername: 'localhost',
      headers: {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const timer = setTimeout(() => outgoing.destroy(new NoReply('timeout')), ANSWER_DEADLINE_MS);
    const connectTimer = setTimeout(() => {
      if (!isConnected) outgoing.destroy();
    }, CONNECT_DEADLINE_MS);
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
    };
    outgoing.once('socket', socket => {
      if (outgoing.reusedSocket) isConnected = true;
      else socket.once('secureConnect', () => (isConnected = true));
    });
    const fail = (error: Error) => {
      settle();
      if (!isConnected) resolve(undefined);
      else reject(error instanceof NoReply ? error : new NoReply('cut'));
    };
    outgoing.once('error', fail);
    outgoing.once('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        settle();
        resolve({
          status: response.statusCode ?? 0,
          requestId: String(response.headers['x-request-id'] ?? ''),
          body: parse(Buffer.concat(chunks).toString()),
        });
      });
    });
    outgoing.end(text);
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
