import { setTimeout as pause } from 'node:timers/promises';
import type { Access } from './cluster.ts';
import { NoReply, type GatewayClient, type Reply } from './gateway-client.ts';

/** One request of the load. Times are those of `performance.now()`. */
export interface Attempt {
  readonly kind: Kind;
  readonly due: number;
  readonly ended: number;
  /** A status, or why there was none. Absent: it succeeded. */
  readonly failure?: string;
  /** Of an acknowledged read or write, which must have its record in the audit trail. */
  readonly requestId?: string;
}

export type Kind = 'read' | 'write' | 'list' | 'grant' | 'search';

/** A secret's number that was acknowledged last, and the one sent last. */
export interface Ledger {
  readonly path: string;
  acknowledged: number;
  attempted: number;
  isBeingWritten: boolean;
}

export interface MixedLoad {
  readonly attempts: readonly Attempt[];
  readonly ledgers: readonly Ledger[];
  /** Reads that showed less than had been acknowledged before they were sent. */
  readonly staleReads: () => number;
  readonly token: () => string;
  /** Sends no more, and waits for what is under way. */
  stop: () => Promise<void>;
}

/** Of every ten requests. Grants sign an API client in, as programs do when their token ends. */
const MIX: readonly Kind[] = [
  'read',
  'write',
  'read',
  'list',
  'read',
  'write',
  'grant',
  'read',
  'write',
  'search',
];

const SECRETS = 200;
const VAULT = '/vault/api/v1/secrets';

/** Makes the secrets, then sends `perSecond` requests a second, whatever becomes of them, until it is stopped. */
export async function startMixedLoad(
  client: GatewayClient,
  { credentials }: Access,
  perSecond: number,
): Promise<MixedLoad> {
  const attempts: Attempt[] = [];
  let staleReads = 0;
  let token = '';

  const grant = async (): Promise<Reply> => {
    const { oauth_client: program, api_client: caller } = credentials;
    const basic = Buffer.from(`${program.id}:${program.secret}`).toString('base64');
    const form = new URLSearchParams({
      grant_type: 'password',
      username: caller.id,
      password: caller.secret,
    });
    const reply = await client.send('POST', '/auth/api/v1/oauth/token', {
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(form.toString())),
      },
      body: form.toString(),
    });
    if (typeof reply.body?.['access_token'] === 'string') token = reply.body['access_token'];
    return reply;
  };
  await grant();
  const resolved = await client.send('POST', '/role-store/api/v1/roles/resolve', {
    token,
    body: ['privx-admin'],
  });
  const roles = (resolved.body?.['items'] ?? []) as { id: string }[];
  const contentOf = (number: number) => ({
    data: { number, padding: 'x'.repeat(512) },
    read_roles: roles.map(({ id }) => ({ id })),
    write_roles: roles.map(({ id }) => ({ id })),
  });

  const run = `${process.pid}-${Math.floor(performance.timeOrigin)}`;
  const ledgers: Ledger[] = [];
  for (let index = 0; index < SECRETS; index += 1) {
    const name = `chaos/${run}/${index}`;
    const { status } = await client.send('POST', VAULT, { token, body: { name, ...contentOf(0) } });
    if (status !== 201) throw new Error(`the load could not create a secret: ${status}`);
    const path = `${VAULT}/${encodeURIComponent(name)}`;
    ledgers.push({ path, acknowledged: 0, attempted: 0, isBeingWritten: false });
    // Below every limit for one caller.
    await pause(10);
  }

  const someLedger = () => ledgers[Math.floor(Math.random() * ledgers.length)];

  async function read(): Promise<Reply> {
    const ledger = someLedger();
    if (ledger === undefined) throw new Error('there are no secrets');
    const { acknowledged } = ledger;
    const reply = await client.send('GET', ledger.path, { token });
    if (reply.status === 200 && numberIn(reply) < acknowledged) staleReads += 1;
    return reply;
  }

  async function write(): Promise<Reply> {
    const start = Math.floor(Math.random() * ledgers.length);
    const inTurn = [...ledgers.slice(start), ...ledgers.slice(0, start)];
    const ledger = inTurn.find(({ isBeingWritten }) => !isBeingWritten);
    if (ledger === undefined) throw new NoReply('stuck');
    ledger.isBeingWritten = true;
    try {
      const number = (ledger.attempted += 1);
      const reply = await client.send('PUT', ledger.path, { token, body: contentOf(number) });
      if (reply.status < 300) ledger.acknowledged = number;
      return reply;
    } finally {
      ledger.isBeingWritten = false;
    }
  }

  const KINDS: Readonly<Record<Kind, () => Promise<Reply>>> = {
    read,
    write,
    list: () => client.send('GET', `${VAULT}?limit=10`, { token }),
    grant,
    search: () =>
      client.send('POST', '/monitor-service/api/v1/auditevents/search?limit=10&fuzzycount=true', {
        token,
        body: { keywords: 'Secret-updated' },
      }),
  };

  async function attempt(kind: Kind, due: number): Promise<void> {
    const outcome = await KINDS[kind]().then(
      ({ status, requestId }) =>
        status >= 300
          ? { failure: String(status) }
          : kind === 'read' || kind === 'write'
            ? { requestId }
            : {},
      (error: unknown) => {
        if (error instanceof NoReply) return { failure: error.silence };
        throw error;
      },
    );
    attempts.push({ kind, due, ended: performance.now(), ...outcome });
  }

  const stopping = new AbortController();
  const sending = (async () => {
    const started = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let index = 0; !stopping.signal.aborted; index += 1) {
      const due = started + (index * 1_000) / perSecond;
      if (due > performance.now()) await pause(due - performance.now());
      const sent = attempt(MIX[index % MIX.length] ?? 'read', due);
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    }
    await Promise.all(underWay);
  })();

  return {
    attempts,
    ledgers,
    staleReads: () => staleReads,
    token: () => token,
    stop() {
      stopping.abort();
      return sending;
    },
  };
}

/** The number that a read secret holds; below all when it holds none. */
export function numberIn({ body }: Reply): number {
  const { number } = (body?.['data'] ?? {}) as { number?: unknown };
  return typeof number === 'number' ? number : -1;
}
