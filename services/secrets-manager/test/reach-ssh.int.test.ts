import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canStartSshd, startSshd, type TestSshd } from '@strongroom/testing/sshd';
import { readHostKey } from '../src/targets/ssh-target.ts';
import { HOST_SECRET, HOSTS, readHost, type Json } from './host-support.ts';
import { addRotatedHost, change, openReplica, proves, type Replica } from './reach-support.ts';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';

const newPassword = () => `Nw+${randomBytes(12).toString('hex')}=Z`;

((await canStartSshd()) ? describe : describe.skip)('a host with sshd', () => {
  let sm: TestSecretsManager;
  let sshd: TestSshd;
  let replica: Replica;
  let other: Replica;
  let publicKey: string;
  beforeAll(async () => {
    sm = await startTestSecretsManager();
    sshd = await startSshd();
    replica = await openReplica(sm);
    other = await openReplica(sm);
    const place = { host: '127.0.0.1', port: sshd.port };
    ({ publicKey } = await readHostKey(place, { allowLoopback: true }, { deadlineMs: 60_000 }));
  });
  afterAll(async () => {
    await replica.close();
    await other.close();
    await sshd.stop();
    await sm.stop();
  });

  const addHost = (account: string, more: Json = {}) =>
    addRotatedHost(sm, {
      services: [{ service: 'SSH', port: sshd.port }],
      principals: [{ principal: account, rotate: true }],
      ...more,
    });
  const pinned = () => ({ ssh_host_public_keys: [{ key: `${publicKey} root@host` }] });
  const keysOf = (host: string) =>
    sm.superuser.query<{ fingerprint: string }>('SELECT fingerprint FROM host_keys WHERE host_id = $1', [
      host,
    ]);
  const recordsOf = async (host: string, name: string) =>
    (await sm.trail()).filter(record => record.name === name && record.message['hostID'] === host);

  describe('by its main account', () => {
    const main = (passphrase: string, principal = 'root') => ({
      ...pinned(),
      password_rotation: { use_main_account: true },
      principals: [
        { principal: 'rotated', rotate: true },
        { principal, passphrase, use_for_password_rotation: true },
      ],
    });
    const named = (host: Json, account: string) => ({
      ...host,
      principals: (host['principals'] as Json[]).map(each =>
        each['principal'] === 'rotated' ? { ...each, principal: account } : each,
      ),
    });

    test('with a private key as its passphrase', async () => {
      const after = newPassword();
      const account = await sshd.addAccount(newPassword());
      const host = await addHost(account, named(main(sshd.rootKey), account));
      await change(replica, host, account, { next: after });
      expect(await proves(replica, host, account, after)).toBe('opens');
    });

    test('with its passphrase, then with what vault has of it, and first with that of the host secret', async () => {
      const [password, after] = [newPassword(), newPassword()];
      const root = await sshd.addAccount(password, { isRoot: true });
      const account = await sshd.addAccount(newPassword());
      const host = await addHost(account, named(main(password, root), account));
      await change(replica, host, account, { next: after });
      expect(await proves(replica, host, account, after)).toBe('opens');
      // What vault has of it is newer.
      replica.store(host, root, 'wrong');
      await expect(change(replica, host, account, { next: newPassword() })).rejects.toMatchObject({
        reason: 'authentication-refused',
      });
      const { body } = await sm.call('GET', `${HOST_SECRET}/${host}`);
      const stored = await sm.call('POST', `${HOST_SECRET}/${host}`, {
        body: {
          metadata: { ...(body['metadata'] as Json), winrm_main_account_password: sshd.rootKey },
          accounts: [{ account }],
        },
      });
      expect(stored.status).toBe(201);
      // A key signs in whatever the password is, here as root's.
      await expect(change(replica, host, account, { next: newPassword() })).resolves.toBeUndefined();
    });

    test('that nobody has told a secret of fails plainly', async () => {
      const host = await addHost('nobody', named(main(''), 'nobody'));
      await expect(change(replica, host, 'nobody', { next: newPassword() })).rejects.toThrow(
        'the password of the main account is not known',
      );
    });
  });

  describe('that is trusted on first use', () => {
    const tofu = { tofu: true, password_rotation: { use_main_account: true } };
    const addTrusting = (account: string, more: Json = {}) =>
      addHost(account, {
        ...tofu,
        principals: [
          { principal: account, rotate: true },
          { principal: 'root', passphrase: sshd.rootKey, use_for_password_rotation: true },
        ],
        ...more,
      });

    test('its key is stored and on the record before it is told anything, and stays', async () => {
      const host = await addTrusting('nobody');
      expect(await proves(replica, host, 'nobody', 'x')).toBe('refused');
      expect(await keysOf(host)).toEqual([{ fingerprint: sshd.fingerprints.ed25519 }]);
      expect(await proves(replica, host, 'nobody', 'x')).toBe('refused');
      const records = await recordsOf(host, 'Host-key-trusted');
      expect(records.map(({ message }) => message['fingerprint'])).toEqual([sshd.fingerprints.ed25519]);
    });

    test('several replicas that meet it at once trust one key', async () => {
      const host = await addTrusting('nobody');
      const proofs = [replica, other, replica, other].map(each => proves(each, host, 'nobody', 'x'));
      expect(await Promise.all(proofs)).toEqual(['refused', 'refused', 'refused', 'refused']);
      expect(await keysOf(host)).toHaveLength(1);
      expect(await recordsOf(host, 'Host-key-trusted')).toHaveLength(1);
    });

    test.each([
      ['the host does not ask for it', { tofu: false }, true],
      ['the setting forbids it', {}, false],
      ['keys were given, although none can be read', { ssh_host_public_keys: [{ key: 'none' }] }, true],
    ])('not when %s', async (_, more, trustOnFirstUse) => {
      const rotation = { ...sm.config.rotation, trustOnFirstUse };
      const host = await addTrusting('nobody', more);
      const strict = { ...replica, ctx: { ...replica.ctx, rotation } };
      await expect(proves(strict, host, 'nobody', 'x')).rejects.toMatchObject({
        reason: 'host-key-unknown',
        outcome: 'unchanged',
      });
      expect(await keysOf(host)).toEqual([]);
    });
  });

  describe('that shows another key', () => {
    let changed: TestSshd;
    beforeAll(async () => {
      changed = await startSshd();
    });
    afterAll(() => changed.stop());
    let host: string;
    beforeEach(async () => {
      host = await addHost('nobody', { tofu: true });
      await proves(replica, host, 'nobody', 'x');
      const document = await readHost(sm, host);
      const services = [{ service: 'SSH', port: changed.port }];
      await sm.call('PUT', `${HOSTS}/${host}`, { body: { ...document, services } });
    });

    test('is told nothing, although it asks to be trusted; once a day somebody is told', async () => {
      for (let round = 0; round < 3; round += 1) {
        await expect(
          change(round === 1 ? other : replica, host, 'nobody', { current: 'x', next: newPassword() }),
        ).rejects.toMatchObject({ reason: 'host-key-changed', outcome: 'unchanged' });
      }
      expect(await recordsOf(host, 'Host-key-refused')).toHaveLength(1);
      const tomorrow = { ...replica.ctx, now: () => new Date(Date.now() + 86_500_000) };
      await expect(proves({ ...replica, ctx: tomorrow }, host, 'nobody', 'x')).rejects.toThrow();
      expect(await recordsOf(host, 'Host-key-refused')).toHaveLength(2);
    });

    test('is accepted when an operator gives its key, and that one alone', async () => {
      const place = { host: '127.0.0.1', port: changed.port };
      const { publicKey: key } = await readHostKey(place, { allowLoopback: true }, { deadlineMs: 60_000 });
      const document = await readHost(sm, host);
      const give = (ssh_host_public_keys: Json[], services = document['services']) =>
        sm.call('PUT', `${HOSTS}/${host}`, { body: { ...document, ssh_host_public_keys, services } });
      expect((await give([{ key }])).status).toBe(200);
      expect(await proves(replica, host, 'nobody', 'x')).toBe('refused');
      expect(await keysOf(host)).toEqual([]);
      await give([{ key }], [{ service: 'SSH', port: sshd.port }]);
      await expect(proves(replica, host, 'nobody', 'x')).rejects.toMatchObject({
        reason: 'host-key-changed',
      });
      // Taken back, the host is met for the first time again.
      await give([], [{ service: 'SSH', port: sshd.port }]);
      expect(await proves(replica, host, 'nobody', 'x')).toBe('refused');
      expect(await keysOf(host)).toEqual([{ fingerprint: sshd.fingerprints.ed25519 }]);
    });
  });

  test('a Windows host fails at once with a plain reason', async () => {
    const template = await sm.create('/secrets-manager/api/v1/script-template', {
      name: `windows ${newPassword()}`,
      operating_system: 'WINDOWS',
      script: 'exit',
    });
    const host = await addHost('someone', {
      password_rotation: {
        protocol: 'WINRM',
        winrm_address: '127.0.0.1',
        operating_system: 'WINDOWS',
        script_template_id: template,
      },
    });
    await expect(
      change(replica, host, 'someone', { current: 'x', next: newPassword() }),
    ).rejects.toMatchObject({
      reason: 'unsupported',
      outcome: 'unchanged',
      message: 'passwords on hosts of this kind cannot be changed yet',
    });
  });
});
