import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunningService } from '@strongroom/service/serve';
import { brokenFolders } from './folder-invariants.ts';
import { FOLDERS, MOVE, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

/** Acts on few folders by many at once: names, places and rights must agree, whichever of them were first. */

let vault: TestVault;
let replica: RunningService;

beforeAll(async () => {
  vault = await startTestVault();
  replica = await vault.startReplica();
});
afterAll(() => vault.stop());

// So few that they meet.
const path = fc
  .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
  .map(segments => segments.join('/'));
const secretName = fc.tuple(path, fc.constantFrom('x', 'y')).map(parts => parts.join('/'));
const roles = fc.uniqueArray(fc.nat(2), { maxLength: 2 });

const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add secret' as const), name: secretName }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add folder' as const), path, roles }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('change roles' as const),
      path,
      roles,
      inherits: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move folder' as const), path, to: path }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('move secret' as const), name: secretName, to: secretName }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete folder' as const), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete secret' as const), name: secretName }) },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

test('acts at once on two replicas leave names, places and rights in agreement', async () => {
  const known = ['one', 'two', 'three'].map(name => vault.addRole(name));
  const handles = (indexes: readonly number[]) => indexes.map(index => known[index]);

  async function perform(top: string, what: Act, at: string): Promise<number> {
    const at0 = (name: string) => `${top}/${name}`;
    const onFolder = async (method: string, folder: string, body?: object) => {
      const [row] = await vault.superuser.query<{ id: string }>('SELECT id FROM folders WHERE path = $1', [
        at0(folder),
      ]);
      if (row === undefined) return 404;
      return (await vault.call(method, `${FOLDERS}/${row.id}`, { body }, at)).status;
    };
    const call = async (method: string, target: string, body?: object) =>
      (await vault.call(method, target, { body }, at)).status;
    switch (what.kind) {
      case 'add secret':
        return call('POST', SECRETS, { name: at0(what.name), data: {} });
      case 'add folder':
        return call('POST', FOLDERS, { path: at0(what.path), read_roles: handles(what.roles) });
      case 'change roles':
        return onFolder('PUT', what.path, { write_roles: handles(what.roles), inherits: what.inherits });
      case 'move folder':
        return onFolder('PUT', what.path, { path: at0(what.to) });
      case 'move secret':
        return call('POST', pathOf(at0(what.name), MOVE), { name: at0(what.to) });
      case 'delete folder':
        return onFolder('DELETE', what.path);
      case 'delete secret':
        return call('DELETE', pathOf(at0(what.name)));
    }
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(act, { minLength: 4, maxLength: 10 }), { minLength: 2, maxLength: 4 }),
      async rounds => {
        const top = uniqueName('p');
        for (const acts of rounds) {
          const statuses = await Promise.all(
            acts.map((what, index) => perform(top, what, index % 2 === 0 ? vault.url : replica.url)),
          );
          // Whatever they meet, each is answered with what became of it.
          expect(statuses.filter(status => ![200, 201, 400, 404, 409].includes(status))).toEqual([]);
          expect(await brokenFolders(vault.superuser)).toEqual([]);
        }
      },
    ),
    { numRuns: 40 },
  );
});
