import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Bus } from '../src/bus.ts';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { eventually } from '@strongroom/testing/eventually';

/** The durable queue that the buses under test have. */
export const CONFORMANCE_QUEUE = { queue: 'test.intake', types: ['*.audit.recorded'] };

export interface BusUnderTest {
  /** A process of its own, at the same broker. */
  open: () => Promise<Bus>;
  /** The one difference: without a consumer a durable queue keeps events, or `publish` refuses them. */
  withoutConsumer: 'keeps' | 'refuses';
  /** Who tries again after a handler failed: the bus by itself, or whoever published. */
  retries: 'bus' | 'publisher';
}

export const anEvent = (name = 'audit.recorded', data: unknown = {}, service = 'vault'): CloudEvent =>
  cloudEvent(service, name, randomUUID(), new Date(0), data);

export interface Collector {
  readonly ids: string[];
  readonly batches: string[][];
  readonly unsubscribe: () => Promise<void>;
}

/** Consumes, notes what it is given, and fails with what `fault` returns. */
export async function collect(
  bus: Bus,
  queue: string,
  types: readonly string[],
  fault: (events: readonly CloudEvent[]) => Error | undefined = () => undefined,
  extra: { batchSize?: number; onGap?: () => void } = {},
): Promise<Collector> {
  const ids: string[] = [];
  const batches: string[][] = [];
  const unsubscribe = await bus.subscribe({
    queue,
    types,
    handle(events) {
      const error = fault(events);
      if (error !== undefined) return Promise.reject(error);
      batches.push(events.map(event => event.id));
      ids.push(...events.map(event => event.id));
      return Promise.resolve();
    },
    ...extra,
  });
  return { ids, batches, unsubscribe };
}

const idsOf = (events: readonly CloudEvent[]): string[] => events.map(event => event.id);
const own = (): string => `test.own.${randomUUID()}`;
const { queue: intake, types } = CONFORMANCE_QUEUE;

/** What every bus does. */
export function describeBus(name: string, { open, withoutConsumer, retries }: BusUnderTest): void {
  const until = (collector: Collector, count: number) =>
    eventually(`${count} events`, () => collector.ids.length >= count);

  /** As the relay does. */
  async function publishUntilDone(bus: Bus, events: readonly CloudEvent[]): Promise<void> {
    await eventually('the events are published', () =>
      bus.publish(events).then(
        () => true,
        () => false,
      ),
    );
  }

  describe(name, () => {
    test('gives each queue all events of its types, in order', async () => {
      const bus = await open();
      const exact = await collect(bus, own(), ['vault.secret.updated', 'auth.role.changed']);
      const wide = await collect(bus, own(), ['vault.*.*']);
      const other = await collect(bus, own(), ['monitor.*.*']);
      const events = [
        anEvent('secret.updated'),
        anEvent('role.changed', {}, 'auth'),
        anEvent('secret.read'),
        anEvent('secret.updated'),
      ];
      await bus.publish(events);
      await until(exact, 3);
      await until(wide, 3);
      const [a, b, c, d] = idsOf(events);
      expect(exact.ids).toEqual([a, b, d]);
      expect(wide.ids).toEqual([a, c, d]);
      expect(other.ids).toEqual([]);
      await bus.close();
    });

    test('keeps what an event is', async () => {
      const bus = await open();
      const taken: CloudEvent[] = [];
      const unsubscribe = await bus.subscribe({
        queue: own(),
        types: ['vault.secret.updated'],
        handle: events => Promise.resolve(void taken.push(...events)),
      });
      const event = anEvent('secret.updated', { text: 'ä "x" \u0000 🔑', nested: [{ n: 1.5 }, null] });
      await bus.publish([event]);
      await eventually('it arrives', () => taken.length > 0);
      expect(taken).toEqual([event]);
      await unsubscribe();
      await bus.close();
    });

    test('takes what nobody wants, and nothing at all', async () => {
      const bus = await open();
      await bus.publish([anEvent('nobody.listened')]);
      await bus.publish([]);
      await bus.close();
    });

    test('gives an event of a shared queue to one of its consumers', async () => {
      const bus = await open();
      const first = await collect(bus, intake, types);
      const second = await collect(bus, intake, types);
      const events = Array.from({ length: 40 }, () => anEvent());
      for (const event of events) await bus.publish([event]);
      await eventually('all arrive', () => first.ids.length + second.ids.length >= events.length);
      expect([...first.ids, ...second.ids].sort()).toEqual(idsOf(events).sort());
      expect(first.ids.length).toBeGreaterThan(0);
      expect(second.ids.length).toBeGreaterThan(0);
      await bus.close();
    });

    test('gives at most as many at once as the consumer wants', async () => {
      const bus = await open();
      const few = await collect(bus, intake, types, undefined, { batchSize: 7 });
      const events = Array.from({ length: 100 }, () => anEvent());
      await bus.publish(events);
      await until(few, 100);
      expect(few.ids).toEqual(idsOf(events));
      expect(Math.max(...few.batches.map(batch => batch.length))).toBe(7);
      await bus.close();
    });

    test('gives a batch again after its handler failed; the others had theirs', async () => {
      const bus = await open();
      let failures = 2;
      const bad = await collect(bus, intake, types, () =>
        (failures -= 1) >= 0 ? new Error('not now') : undefined,
      );
      const good = await collect(bus, own(), types);
      const events = [anEvent(), anEvent()];
      if (retries === 'publisher') await expect(bus.publish(events)).rejects.toThrow('not now');
      await publishUntilDone(bus, events);
      await until(bad, 2);
      await until(good, 2);
      expect(new Set(bad.ids)).toEqual(new Set(idsOf(events)));
      expect(new Set(good.ids)).toEqual(new Set(idsOf(events)));
      await bus.close();
    });

    test('a handler that throws at once is one that failed', async () => {
      const bus = await open();
      let calls = 0;
      const unsubscribe = await bus.subscribe({
        queue: intake,
        types,
        handle() {
          calls += 1;
          if (calls === 1) throw new Error('thrown');
          return Promise.resolve();
        },
      });
      await publishUntilDone(bus, [anEvent()]);
      await eventually('it comes again', () => calls === 2);
      await unsubscribe();
      await bus.close();
    });

    test(`a durable queue without a consumer ${withoutConsumer} events`, async () => {
      const bus = await open();
      const events = [anEvent(), anEvent()];
      if (withoutConsumer === 'refuses') await expect(bus.publish(events)).rejects.toThrow(intake);
      else await bus.publish(events);
      const late = await collect(bus, intake, types);
      if (withoutConsumer === 'refuses') await bus.publish(events);
      await until(late, 2);
      expect(late.ids).toEqual(idsOf(events));
      await bus.close();
    });

    test('gives nothing to who has unsubscribed, once or twice', async () => {
      const bus = await open();
      const gone = await collect(bus, own(), types);
      const there = await collect(bus, intake, types);
      await gone.unsubscribe();
      await gone.unsubscribe();
      await bus.publish([anEvent()]);
      await until(there, 1);
      expect(gone.ids).toEqual([]);
      await bus.close();
    });

    test('waits for the handler under way when it is closed', async () => {
      const bus = await open();
      let finish: () => void = () => undefined;
      let done = false;
      let begun = false;
      await bus.subscribe({
        queue: intake,
        types,
        async handle() {
          begun = true;
          await new Promise<void>(resolve => (finish = resolve));
          done = true;
        },
      });
      const publishing = bus.publish([anEvent()]);
      await eventually('the handler works', () => begun);
      const closing = bus.close().then(() => done);
      finish();
      await publishing;
      expect(await closing).toBe(true);
    });
  });
}
