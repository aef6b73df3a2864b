import { describe, expect, test } from '@jest/globals';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { CONFORMANCE_QUEUE, describeBus } from '../test/bus-conformance.ts';
import { matchesType, type Bus } from './bus.ts';
import { createMemoryBus } from './memory-bus.ts';

let number = 0;
const event = (service: string, name: string): CloudEvent =>
  cloudEvent(service, name, `event-${(number += 1)}`, new Date(0), {});

const DURABLE = { queue: 'monitor.audit-trail', types: ['*.audit.recorded'] };

/** A consumer that notes what it was given, and fails while `fails` says so. */
async function consume(bus: Bus, queue: string, types: string[], fails: () => boolean = () => false) {
  const batches: string[][] = [];
  const unsubscribe = await bus.subscribe({
    queue,
    types,
    handle: events => {
      batches.push(events.map(each => each.id));
      return fails() ? Promise.reject(new Error('not now')) : Promise.resolve();
    },
  });
  return { batches, unsubscribe };
}

describe('matchesType', () => {
  test.each([
    ['vault.secret.updated', 'strongroom.vault.secret.updated', true],
    ['*.audit.recorded', 'strongroom.vault.audit.recorded', true],
    ['*.*.*', 'strongroom.auth.role.changed', true],
    ['*.audit.recorded', 'strongroom.audit.recorded', false],
    ['*.audit.recorded', 'strongroom.a.b.audit.recorded', false],
    ['*.audit.recorded', 'other.vault.audit.recorded', false],
    ['vault.secret', 'strongroom.vault.secret.updated', false],
    ['vault.secret.updated', 'strongroom.vault.secret.updated2', false],
    ['vault.secret.*', 'strongroom.vaultXsecret.updated', false],
  ])('%s and %s: %p', (pattern, type, matches) => {
    expect(matchesType(pattern, type)).toBe(matches);
  });
});

describeBus('the memory bus, as every bus,', {
  open: () => Promise.resolve(createMemoryBus([CONFORMANCE_QUEUE])),
  withoutConsumer: 'refuses',
  retries: 'publisher',
});

describe('the memory bus', () => {
  test('gives each queue all events of its types, in order, in one batch', async () => {
    const bus = createMemoryBus([]);
    const one = await consume(bus, 'one', ['vault.secret.updated', 'auth.role.changed']);
    const two = await consume(bus, 'two', ['vault.*.*']);
    const none = await consume(bus, 'none', ['monitor.*.*']);
    const events = [
      event('vault', 'secret.updated'),
      event('auth', 'role.changed'),
      event('vault', 'secret.read'),
    ];
    await bus.publish(events);
    const [a, b, c] = events.map(each => each.id);
    expect(one.batches).toEqual([[a, b]]);
    expect(two.batches).toEqual([[a, c]]);
    expect(none.batches).toEqual([]);
  });

  test('gives an event once to each queue, whose consumers take turns', async () => {
    const bus = createMemoryBus([]);
    const first = await consume(bus, 'work', ['a.b.c']);
    const second = await consume(bus, 'work', ['a.b.c']);
    const events = Array.from({ length: 4 }, () => event('a', 'b.c'));
    for (const each of events) await bus.publish([each]);
    const ids = events.map(each => each.id);
    expect([first.batches.flat(), second.batches.flat()]).toEqual([
      [ids[0], ids[2]],
      [ids[1], ids[3]],
    ]);
  });

  test('waits for the consumers', async () => {
    const bus = createMemoryBus([]);
    let finish: () => void = () => undefined;
    const work = new Promise<void>(resolve => (finish = resolve));
    await bus.subscribe({ queue: 'slow', types: ['a.b.c'], handle: () => work });
    let published = false;
    const publishing = bus.publish([event('a', 'b.c')]).then(() => (published = true));
    await new Promise(resolve => setImmediate(resolve));
    expect(published).toBe(false);
    finish();
    await publishing;
  });

  test('fails when a consumer fails, after all others were served; the next try goes through', async () => {
    const bus = createMemoryBus([]);
    let broken = true;
    const bad = await consume(bus, 'bad', ['a.b.c'], () => broken);
    const good = await consume(bus, 'good', ['a.b.c']);
    const each = event('a', 'b.c');
    await expect(bus.publish([each])).rejects.toThrow('not now');
    expect(good.batches).toEqual([[each.id]]);
    broken = false;
    await bus.publish([each]);
    expect(bad.batches).toEqual([[each.id], [each.id]]);
  });

  test('fails when a consumer throws at once', async () => {
    const bus = createMemoryBus([]);
    await bus.subscribe({
      queue: 'bad',
      types: ['a.b.c'],
      handle: () => {
        throw new Error('thrown');
      },
    });
    await expect(bus.publish([event('a', 'b.c')])).rejects.toThrow('thrown');
  });

  test('refuses what a durable queue without a consumer should get, and then gives it to nobody', async () => {
    const bus = createMemoryBus([DURABLE]);
    const other = await consume(bus, 'other', ['*.*.*']);
    const batch = [event('vault', 'secret.updated'), event('vault', 'audit.recorded')];
    await expect(bus.publish(batch)).rejects.toThrow('monitor.audit-trail');
    expect(other.batches).toEqual([]);
    await bus.publish(batch.slice(0, 1));
    expect(other.batches).toHaveLength(1);

    const monitor = await consume(bus, DURABLE.queue, [...DURABLE.types]);
    await bus.publish(batch);
    expect(monitor.batches).toEqual([[batch[1]?.id]]);
    await monitor.unsubscribe();
    await monitor.unsubscribe();
    await expect(bus.publish(batch)).rejects.toThrow('monitor.audit-trail');
  });
});
