import { setTimeout as pause } from 'node:timers/promises';
import { NoReply, type GatewayClient, type Reply, type Sent } from './gateway-client.ts';
import { numberIn, type MixedLoad } from './mixed-load.ts';

/** What must hold whatever died. */
export interface Kept {
  /** Acknowledged writes that are not read back. */
  readonly writesLost: number;
  /** Acknowledged reads and writes without a record in the audit trail. */
  readonly recordsLost: number;
  readonly isChainIntact: boolean;
}

/** How long the platform may take to deliver what a fault left behind. */
const PATIENCE_MS = 90_000;

/** Looks after a fault, while the load goes on. `since`: when the attempts in question began. */
export async function checkPromises(
  client: GatewayClient,
  load: MixedLoad,
  since: Date,
  requestIds: ReadonlySet<string>,
): Promise<Kept> {
  const ask = patiently(client, load);
  return {
    writesLost: await countLostWrites(ask, load),
    recordsLost: await countLostRecords(ask, since, requestIds),
    isChainIntact: await verifyChain(ask),
  };
}

type Ask = (method: string, path: string, body?: unknown) => Promise<Reply>;

/** Asks again for as long as there is no answer, or it is an excuse. */
const patiently =
  (client: GatewayClient, load: MixedLoad): Ask =>
  async (method, path, body) => {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const sent: Sent = { token: load.token(), ...(body === undefined ? {} : { body }) };
      const reply = await client.send(method, path, sent).catch((error: unknown) => {
        if (error instanceof NoReply) return undefined;
        throw error;
      });
      const isExcuse = reply === undefined || reply.status === 429 || reply.status >= 500;
      if (!isExcuse) return reply;
      if (performance.now() > end) throw new Error(`no answer to ${method} in the check after a fault`);
      await pause(500);
    }
  };

async function countLostWrites(ask: Ask, load: MixedLoad): Promise<number> {
  let lost = 0;
  for (const ledger of load.ledgers) {
    const { acknowledged } = ledger;
    const reply = await ask('GET', ledger.path);
    if (reply.status !== 200 || numberIn(reply) < acknowledged) lost += 1;
    // Below every limit for one caller, together with the load.
    await pause(10);
  }
  return lost;
}

interface TrailPage {
  items: { message: Record<string, string> }[];
}

const PAGE = 1_000;

/** Records that a fault held up arrive later, so the trail is asked until it is whole or patience ends. */
async function countLostRecords(ask: Ask, since: Date, requestIds: ReadonlySet<string>): Promise<number> {
  const missing = new Set(requestIds);
  const end = performance.now() + PATIENCE_MS;
  while (missing.size > 0 && performance.now() < end) {
    for (let offset = 0; missing.size > 0; offset += PAGE) {
      const path = `/monitor-service/api/v1/auditevents/search?offset=${offset}&limit=${PAGE}&sortdir=ASC&fuzzycount=true`;
      const { status, body } = await ask('POST', path, { start_time: since.toISOString() });
      if (status !== 200) throw new Error(`the audit trail could not be searched: ${status}`);
      const { items } = body as unknown as TrailPage;
      for (const { message } of items) missing.delete(message['requestID'] ?? '');
      if (items.length < PAGE) break;
    }
    if (missing.size > 0) await pause(1_000);
  }
  return missing.size;
}

interface Verdict {
  intact: boolean;
  next?: number | null;
}

/** In parts, as monitor bounds what one call may look through. */
async function verifyChain(ask: Ask): Promise<boolean> {
  for (let from: number | undefined; ;) {
    const { status, body } = await ask(
      'POST',
      '/monitor-service/api/v1/audit-trail/verify',
      from === undefined ? {} : { from },
    );
    if (status !== 200) throw new Error(`the chain could not be verified: ${status}`);
    const { intact, next } = body as unknown as Verdict;
    if (!intact) return false;
    if (next === undefined || next === null) return true;
    from = next;
  }
}
