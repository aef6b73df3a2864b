import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { findNamed, HOSTS, MASK, readHost } from './host-support.ts';
import { POLICIES, PREFIX, startTestSecretsManager, TEMPLATES, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

test('what hosts have sealed is under the new key after a rotation, and opens', async () => {
  const host = {
    services: [{ service: 'SSH', address: 'keys.example', port: 22 }],
    principals: [
      { principal: 'root', passphrase: 'plum-4471', rotate: true, use_for_password_rotation: true },
    ],
    password_rotation_enabled: true,
    password_rotation: {
      use_main_account: true,
      operating_system: 'LINUX',
      password_policy_id: await findNamed(sm, POLICIES, 'PrivX default password policy'),
      script_template_id: await findNamed(sm, TEMPLATES, 'Linux per account command template'),
    },
  };
  const id = await sm.create(HOSTS, host);
  const main = {
    ...((await sm.call('GET', `${PREFIX}/host-secret/${id}`)).body['metadata'] as object),
    winrm_main_account_password: 'plum-4472',
  };
  const accounts = [{ account: 'root', initial_password: 'plum-4473' }];
  await sm.call('POST', `${PREFIX}/host-secret/${id}`, { body: { metadata: main, accounts } });
  const keysOf = () =>
    sm.superuser.query<{ key: number }>(
      `SELECT secrets_manager.packed_key_id(sealed_passphrases) AS key FROM secrets_manager.hosts
       UNION ALL SELECT secrets_manager.packed_key_id(sealed_main_password) FROM secrets_manager.host_secrets
       UNION ALL SELECT secrets_manager.packed_key_id(sealed_initial_password) FROM secrets_manager.accounts`,
    );
  expect(await keysOf()).toEqual([{ key: 1 }, { key: 1 }, { key: 1 }]);
  expect((await sm.call('POST', `${PREFIX}/keys/rotate`)).status).toBe(200);
  await eventually('the rotation is finished', async () => {
    const { body } = await sm.call('GET', `${PREFIX}/keys`);
    return (body['rotation'] as { state: string }).state === 'finished';
  });
  expect(await keysOf()).toEqual([{ key: 2 }, { key: 2 }, { key: 2 }]);
  // To keep a masked passphrase, it is opened.
  expect((await sm.call('PUT', `${HOSTS}/${id}`, { body: await readHost(sm, id) })).status).toBe(200);
  expect((await readHost(sm, id))['principals']).toMatchObject([{ passphrase: MASK }]);
});
