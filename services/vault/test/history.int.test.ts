import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunningService } from '@strongroom/service/serve';
import { Model, type Role } from './history/model.ts';
import { compareAll, history, WHO, type Platform } from './history/steps.ts';
import { startTestVault, type TestVault } from './support.ts';

/** Random histories on both APIs and two replicas, beside a reference model that knows no code of the vault. */

const STEPS = 10_000;
const LONGEST = 250;
/** A bound for hangs: the calls come one after the other. */
const DEADLINE_MS = 600_000;
const START = Date.parse('2026-06-01T00:00:00.000Z');
/** Tokens hold for ten minutes. */
const RENEW_AFTER_SECONDS = 300;

let clock = START;
let vault: TestVault;
let replica: RunningService;
const roleIds = new Map<Role, string>();
const callerIds = new Map(WHO.map(who => [who.name, randomUUID()]));

beforeAll(async () => {
  vault = await startTestVault({ now: () => new Date(clock) });
  replica = await vault.startReplica();
  for (const role of ['reader', 'writer', 'folder', 'other'] as const) {
    roleIds.set(role, vault.addRole(role).id);
  }
});
afterAll(() => vault.stop());

let tokensMadeAt = Number.NaN;
const tokens = new Map<string, string>();

async function renewTokens(): Promise<void> {
  if (clock - tokensMadeAt < RENEW_AFTER_SECONDS * 1_000) return;
  tokensMadeAt = clock;
  for (const { name, roles, adds, manages } of WHO) {
    const claims = {
      sub: callerIds.get(name)!,
      roles: roles.map(role => roleIds.get(role)!),
      permissions: [...(adds ? ['vault-add'] : []), ...(manages ? ['vault-manage'] : [])],
    };
    tokens.set(name, await vault.issuer.bearer(claims));
  }
}

function platform(folder: string, step: () => void): Platform {
  const named = <K, V>(of: ReadonlyMap<K, V>, value: unknown) => [...of].find(([, id]) => id === value)?.[0];
  return {
    folder,
    async call(who, at, method, path, options) {
      step();
      await renewTokens();
      const url = at === 0 ? vault.url : replica.url;
      return vault.call(method, path, { ...options, as: tokens.get(who.name)! }, url);
    },
    handles: roles => roles.map(role => ({ id: roleIds.get(role)! })),
    rolesOf: handles => (handles as { id: string }[]).map(({ id }) => named(roleIds, id)!),
    nameOf: id => named(callerIds, id)!,
    async wait(seconds) {
      step();
      clock += seconds * 1_000;
      return Promise.resolve();
    },
    async folderId(path) {
      const [row] = await vault.superuser.query<{ id: string }>('SELECT id FROM folders WHERE path = $1', [
        path,
      ]);
      return row?.id ?? randomUUID();
    },
  };
}

test(
  `${STEPS} steps of random histories go as the model says`,
  async () => {
    let [steps, histories, failed] = [0, 0, false];
    const oneHistory = fc.asyncProperty(history(LONGEST), async commands => {
      // Enough is enough, but a failure is still made smaller.
      if (steps >= STEPS && !failed) return;
      histories += 1;
      const folder = `h${histories}-${randomUUID()}`;
      try {
        const model = new Model(clock);
        const real = platform(folder, () => (steps += 1));
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await compareAll(model, real);
      } catch (error) {
        failed = true;
        throw error;
      }
    });
    // Tells the seed when it fails; more histories than are needed, since their lengths vary.
    await fc.assert(oneHistory, { numRuns: 1_000 });
    expect(steps).toBeGreaterThanOrEqual(STEPS);
  },
  DEADLINE_MS,
);
