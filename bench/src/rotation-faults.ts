import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Link } from '@strongroom/testing/link';
import type { ProcessCluster } from '@strongroom/testing/process-cluster';
import { ownsPort } from './port-owner.ts';
import { holdAt, POINTS, type Held, type Point } from './rotation-gates.ts';

export const FAULT_KINDS = [
  'rotator killed before the record',
  'rotator killed after it',
  'connections cut',
  'connections hang',
  'database killed',
  'broker killed',
  'vault killed',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly point: Point;
}

/** Where a rotation is about to talk to the host. */
const ON_THE_HOST: readonly Point[] = ['setting', 'proving', 'settling'];

/** Every kind at every point at which it means something. */
export const EVERY_FAULT: readonly Fault[] = FAULT_KINDS.flatMap(kind =>
  POINTS.filter(point => !kind.startsWith('connections') || ON_THE_HOST.includes(point)).map(point => ({
    kind,
    point,
  })),
);

/** A kill at each point, now before the record and now after it. */
export const A_KILL_AT_EACH_POINT: readonly Fault[] = POINTS.map((point, index) => ({
  kind: index % 2 === 0 ? 'rotator killed before the record' : 'rotator killed after it',
  point,
}));

export interface FaultContext {
  readonly cluster: ProcessCluster;
  readonly links: readonly Link[];
  /** Of one attempt on a host. */
  readonly deadlineMs: number;
  /** Runs while rotators are dead. */
  readonly whileDead?: (() => Promise<void>) | undefined;
}

/** How long the way to the hosts stays broken, and the broker and vault away. */
const OUTAGE_MS = 1_500;
/** More than a whole sign-in and script take, in bytes from the host. */
const CONVERSATION_BYTES = 6_000;
/** Where rotations come only after another fault, and how long that one lasts. */
const AFTER_A_FAULT: readonly Point[] = ['in doubt', 'settling', 'put off'];
const PROVOCATION_MS = 500;

/** Waits until a rotation comes to the point, and does it there; then all is whole again. False: none came in time. */
export async function inflict(context: FaultContext, fault: Fault, patienceMs: number): Promise<boolean> {
  const { cluster, links } = context;
  const end = performance.now() + patienceMs;
  let isHeld = false;
  const provoking = provoke(links, fault.point, () => isHeld || performance.now() > end);
  const held = await holdAt(cluster.database.url, fault.point, () => performance.now() > end).finally(() => {
    isHeld = true;
  });
  await provoking;
  if (held === undefined) return false;
  await DEEDS[fault.kind](context, held);
  return true;
}

/** The way to these points leads over broken connections. */
async function provoke(links: readonly Link[], point: Point, isOver: () => boolean): Promise<void> {
  if (!AFTER_A_FAULT.includes(point)) return;
  while (!isOver()) {
    for (const link of links) link.cut();
    await pause(PROVOCATION_MS);
    mend(links);
    await pause(2 * PROVOCATION_MS);
  }
}

type Deed = (context: FaultContext, held: Held) => Promise<void>;

const DEEDS: Readonly<Record<FaultKind, Deed>> = {
  async 'rotator killed before the record'({ cluster, whileDead }, held) {
    const victims = await rotatorsAt(cluster, held.ports);
    await Promise.all(victims.map(victim => victim.kill()));
    await held.discard();
    await whileDead?.();
    await Promise.all(victims.map(victim => victim.start()));
  },
  async 'rotator killed after it'({ cluster, whileDead }, held) {
    const victims = await rotatorsAt(cluster, held.ports);
    await held.release();
    // Anywhere in what follows the record.
    await pause(randomInt(300));
    await Promise.all(victims.map(victim => victim.kill()));
    await whileDead?.();
    await Promise.all(victims.map(victim => victim.start()));
  },
  async 'connections cut'({ links }, held) {
    for (const link of links) link.cutAfter(randomInt(CONVERSATION_BYTES));
    await held.release();
    await pause(OUTAGE_MS);
    mend(links);
  },
  async 'connections hang'({ links, deadlineMs }, held) {
    await held.release();
    await pause(randomInt(300));
    for (const link of links) link.freeze();
    await pause(deadlineMs + OUTAGE_MS);
    mend(links);
  },
  async 'database killed'({ cluster }, held) {
    await cluster.database.crash();
    // Its lock went with the server.
    await held.release();
  },
  async 'broker killed'({ cluster }, held) {
    await cluster.broker.kill();
    await held.release();
    await pause(OUTAGE_MS);
    await cluster.broker.start();
  },
  async 'vault killed'({ cluster }, held) {
    await cluster.vault.kill();
    await held.release();
    await pause(OUTAGE_MS);
    await cluster.vault.start();
  },
};

function mend(links: readonly Link[]): void {
  for (const link of links) link.mend();
}

async function rotatorsAt({ rotators }: ProcessCluster, ports: readonly number[]) {
  const owners = await Promise.all(
    rotators.map(async rotator => {
      const pid = rotator.pid();
      if (pid === undefined) return false;
      const owned = await Promise.all(ports.map(port => ownsPort(pid, port)));
      return owned.includes(true);
    }),
  );
  const victims = rotators.filter((_, index) => owners[index]);
  if (victims.length === 0) throw new Error('nobody has the connection of a rotation');
  return victims;
}
