import { once } from 'node:events';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import type { Gateway } from '../src/service.ts';
import { deferred, send, type Sent } from './harness.ts';
import { startBalancer, startReplica, type FakeReplica, type Names } from './replicas.ts';

const SECRETS = '/vault/api/v1/secrets';
const [A, B, C] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

const open: { stop?: () => Promise<void>; kill?: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.stop ?? one.kill)?.();
});

async function replicaAt(...args: Parameters<typeof startReplica>): ReturnType<typeof startReplica> {
  const replica = await startReplica(...args);
  open.push({ kill: replica.kill });
  return replica;
}

async function balancerOf(...args: Parameters<typeof startBalancer>): ReturnType<typeof startBalancer> {
  const started = await startBalancer(...args);
  open.push(started.gateway);
  return started;
}

/** Who answered each of `count` requests, one after another. */
async function answerers(gateway: Gateway, count: number, sent: Sent = {}): Promise<string[]> {
  const bodies: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { status, body } = await send(gateway.url, SECRETS, sent);
    expect(status).toBe(200);
    bodies.push(body);
  }
  return bodies;
}

const share = (bodies: readonly string[], address: string): number =>
  bodies.filter(body => body === address).length;

/** Until each of the replicas has answered: the gateway has then found all of them ready. */
const untilShared = (gateway: Gateway, replicas: readonly FakeReplica[]): Promise<void> =>
  eventually('all replicas share the load', async () => {
    const bodies = await answerers(gateway, 3 * replicas.length);
    return replicas.every(({ address }) => share(bodies, address) === 3);
  });

describe('the replicas behind a name', () => {
  test('share the load at once when they join, and are left out when they leave', async () => {
    const first = await replicaAt(A);
    const names: Names = { addresses: [A] };
    const { gateway } = await balancerOf(first.port, names);
    expect(share(await answerers(gateway, 6), A)).toBe(6);

    const others = [await replicaAt(B, first.port), await replicaAt(C, first.port)];
    names.addresses = [A, B, C];
    await untilShared(gateway, [first, ...others]);

    names.addresses = [B];
    await eventually('only one is left', async () => share(await answerers(gateway, 6), B) === 6);
  });

  test('get nothing before they listen, which fails nobody', async () => {
    const first = await replicaAt(A);
    const names: Names = { addresses: [A] };
    const { gateway } = await balancerOf(first.port, names);
    names.addresses = [A, B];
    expect(share(await answerers(gateway, 50, { method: 'POST', body: 'x' }), A)).toBe(50);
    await untilShared(gateway, [first, await replicaAt(B, first.port)]);
  });

  test('stay as they were known while the name cannot be asked', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port);
    const names: Names = { addresses: [A, B] };
    const { gateway } = await balancerOf(first.port, names);
    await untilShared(gateway, [first, second]);
    for (const answer of [new Error('SERVFAIL'), []]) {
      names.addresses = answer;
      await untilShared(gateway, [first, second]);
    }
  });

  test('are unknown at first: 503 at once, and found when the name resolves', async () => {
    const replica = await replicaAt(A);
    const names: Names = { addresses: new Error('ENOTFOUND') };
    const { gateway } = await balancerOf(replica.port, names);
    expect((await send(gateway.url, SECRETS)).status).toBe(503);
    names.addresses = [A];
    await eventually('it is found', async () => (await send(gateway.url, SECRETS)).status === 200);
  });

  test('answer what they have begun after they have left', async () => {
    const arrived = deferred<ServerResponse>();
    const first = await replicaAt(A, 0, (request, response) => {
      if (request.method === 'POST') arrived.resolve(response);
      else response.end(A);
    });
    const names: Names = { addresses: [A] };
    const { gateway } = await balancerOf(first.port, names);
    const answer = send(gateway.url, SECRETS, { method: 'POST', body: 'x' });
    const response = await arrived.promise;

    const second = await replicaAt(B, first.port);
    names.addresses = [B];
    await untilShared(gateway, [second]);
    const closed = once(response, 'close');
    response.end('late');
    expect((await answer).body).toBe('late');
    await closed;
    await eventually(
      'no connection to it is left',
      () => new Promise(resolve => first.server.getConnections((_error, count) => resolve(count === 0))),
    );
  });

  test('are chosen by the fewest requests outstanding', async () => {
    const held: ServerResponse[] = [];
    const slow = await replicaAt(A, 0, (_request, response) => void held.push(response));
    const quick = await replicaAt(B, slow.port);
    const { gateway } = await balancerOf(slow.port, { addresses: [A, B] });
    const answers: Promise<unknown>[] = [];
    await eventually('the slow one holds a request', () => {
      answers.push(send(gateway.url, SECRETS));
      return held.length > 0;
    });
    await eventually(
      'the quick one has no more to do',
      () => quick.requests.length + held.length >= answers.length,
    );
    const before = held.length;
    expect(share(await answerers(gateway, 20), B)).toBe(20);
    expect(held).toHaveLength(before);
    for (const response of held) response.end();
    await Promise.all(answers);
  });
});

describe('a replica that is not ready', () => {
  test('gets nothing while another is; when none is, all are tried', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port);
    const { gateway, metrics } = await balancerOf(first.port, { addresses: [A, B] });
    await untilShared(gateway, [first, second]);

    first.isReady = false;
    await eventually('it gets nothing', async () => share(await answerers(gateway, 6), A) === 0);
    const rendered = await metrics.render();
    for (const state of ['ready', 'unready']) {
      expect(rendered).toMatch(new RegExp(`upstream_replicas\\{[^}]*upstream="vault",state="${state}"\\} 1`));
    }
    second.isReady = false;
    await untilShared(gateway, [first, second]);
    first.isReady = true;
    await eventually('the ready one gets all', async () => share(await answerers(gateway, 6), A) === 6);
  });

  test('but lives is better than one that cannot be reached', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port);
    const { gateway } = await balancerOf(first.port, { addresses: [A, B] });
    await untilShared(gateway, [first, second]);
    // Silent only when it is asked for its readiness, as an overloaded one is at times.
    first.isReady = 'silent';
    await second.kill();
    await eventually('the gateway has seen that it does not answer', () => first.abandoned > 0);
    expect(share(await answerers(gateway, 50, { method: 'POST', body: 'x' }), A)).toBe(50);
  });

  test('that accepts connections and never answers gets nothing; what it holds and only reads goes elsewhere', async () => {
    let isFrozen = false;
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port, (_request, response) => {
      if (!isFrozen) response.end(B);
    });
    const config = { upstreamTimeoutMs: 60_000 };
    const { gateway } = await balancerOf(first.port, { addresses: [A, B] }, config);
    await untilShared(gateway, [first, second]);
    const total = first.requests.length + second.requests.length;
    isFrozen = true;
    second.isReady = 'silent';
    const held = [send(gateway.url, SECRETS), send(gateway.url, SECRETS)];
    await eventually('the gateway has seen that it does not answer', () => second.abandoned > 0);
    const before = second.requests.length;
    expect(before).toBeGreaterThan(0);
    // So many at once that the fewest outstanding would be at the frozen one.
    held.push(...Array.from({ length: 20 }, () => send(gateway.url, SECRETS)));
    await eventually('all have arrived', () => first.requests.length + second.requests.length === total + 22);
    expect(second.requests).toHaveLength(before);
    await second.kill();
    expect((await Promise.allSettled(held)).every(({ status }) => status === 'fulfilled')).toBe(true);
  });
});

describe('a replica that dies', () => {
  const breaking = (_request: IncomingMessage, response: ServerResponse) => void response.socket?.destroy();

  test('takes no request with it whose connection could not be opened, small bodies and streamed ones', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port);
    const { gateway } = await balancerOf(first.port, { addresses: [A, B] });
    await untilShared(gateway, [first, second]);
    await second.kill();
    const headers = { 'transfer-encoding': 'chunked' };
    for (const sent of [{}, { body: 'x' }, { body: 'x', headers }]) {
      expect(share(await answerers(gateway, 4, { method: 'POST', ...sent }), A)).toBe(4);
    }
  });

  test('is tried again elsewhere for what only reads, and never for a write that it may have done', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port, breaking);
    const { gateway, metrics } = await balancerOf(first.port, { addresses: [A, B] });
    await eventually('both get requests', async () => {
      await answerers(gateway, 2);
      return second.requests.length > 0;
    });
    for (const sent of [{ method: 'POST', body: 'x' }, { method: 'PUT', body: 'x' }, { method: 'DELETE' }]) {
      const broken = second.requests.length;
      const reached = first.requests.length;
      let answered = 0;
      await eventually(`a ${sent.method} meets it`, async () => {
        const { status } = await send(gateway.url, SECRETS, sent);
        answered += status === 200 ? 1 : 0;
        expect(status).toBe(second.requests.length === broken ? 200 : 502);
        return status === 502;
      });
      expect(second.requests).toHaveLength(broken + 1);
      expect(first.requests).toHaveLength(reached + answered);
    }
    const rendered = await metrics.render();
    expect(rendered).toMatch(/upstream_requests_total\{[^}]*upstream="vault",outcome="broken"\} 3/);
    expect(rendered).toMatch(/upstream_requests_total\{[^}]*upstream="vault",outcome="retried"\} [1-9]/);
  });

  test('comes back to its share', async () => {
    const first = await replicaAt(A);
    const second = await replicaAt(B, first.port);
    const { gateway } = await balancerOf(first.port, { addresses: [A, B] });
    await untilShared(gateway, [first, second]);
    await second.kill();
    await answerers(gateway, 6);
    await untilShared(gateway, [first, await replicaAt(B, first.port)]);
  });

  test('leaves 503 behind when it was the last, at once and until it is back', async () => {
    const replica = await replicaAt(A);
    const { gateway } = await balancerOf(replica.port, { addresses: [A] });
    await replica.kill();
    for (const method of ['GET', 'POST']) {
      expect((await send(gateway.url, SECRETS, { method })).status).toBe(503);
    }
    await replicaAt(A, replica.port);
    expect((await send(gateway.url, SECRETS)).status).toBe(200);
  });
});

describe('a rolling update', () => {
  test('fails no request, whatever its method', async () => {
    const port = (await replicaAt('127.0.0.9')).port;
    let running = [await replicaAt(A, port), await replicaAt(B, port)];
    const names: Names = { addresses: [A, B] };
    const { gateway } = await balancerOf(port, names);
    await untilShared(gateway, running);

    const statuses = new Map<number, number>();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let isOver = false;
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let turn = 0; !isOver; turn += 1) {
        const sent = (turn + client) % 2 === 0 ? {} : { method: 'POST', body: 'x' };
        const { status } = await send(gateway.url, SECRETS, { ...sent, agent });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    for (const next of ['127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7']) {
      const joining = await replicaAt(next, port);
      const [leaving, ...staying] = running;
      running = [...staying, joining];
      names.addresses = [...(names.addresses as string[]), next];
      await eventually(`${next} gets requests`, () => joining.requests.length > 0);
      await leaving?.stop();
      names.addresses = running.map(({ address }) => address);
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    expect([...statuses.keys()]).toEqual([200]);
  });

  test('of the gateway itself: it says so on its readiness page and serves on for a moment', async () => {
    const replica = await replicaAt(A);
    const { gateway } = await balancerOf(replica.port, { addresses: [A] }, { drainMs: 3_000 });
    expect((await send(gateway.url, '/readyz')).status).toBe(200);
    void gateway.stop();
    const { status, headers } = await send(gateway.url, SECRETS, { agent: new Agent({ keepAlive: true }) });
    expect([status, headers.connection]).toEqual([200, 'close']);
    const ready = await send(gateway.url, '/readyz');
    expect([ready.status, ready.json()]).toEqual([503, { status: 'stopping' }]);
  });
});
