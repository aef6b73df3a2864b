import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection, type Connection } from 'mariadb';
import { createLink } from '@strongroom/testing/link';
import { canStartMariadb, startMariadb, type TestMariadb } from '@strongroom/testing/mariadb';
import { openTarget } from '../src/targets/open-target.ts';
import type { Authority, Trust } from '../src/targets/target.ts';
import { cutEverywhere } from './interruptions.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };
const newPassword = () => `Nw+${randomBytes(12).toString('hex')}=Z`;

((await canStartMariadb()) ? describe : describe.skip)('a MariaDB server', () => {
  let server: TestMariadb;
  let admin: Connection;
  let main: Authority;

  beforeAll(async () => {
    server = await startMariadb();
    const { user, password } = server.admin;
    admin = await createConnection({ host: '127.0.0.1', port: server.port, user, password });
    main = { kind: 'main', account: user, credential: { kind: 'password', password } };
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  const open = (tls: Trust = { ca: server.ca }, port = server.port) =>
    openTarget({ kind: 'mysql', host: '127.0.0.1', port, tls }, NETWORK);

  async function addAccount(password: string, user = `u${randomBytes(4).toString('hex')}`, host = '%') {
    await admin.query('CREATE USER ?@? IDENTIFIED BY ?', [user, host, password]);
    return `${user}@${host}`;
  }

  test('a main account changes a password, and the new one opens', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await addAccount(before);
    await open().setPassword({ account, by: main, newPassword: after }, LIMITS);
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    expect(await open().proves(account, before, LIMITS)).toBe('refused');
  });

  test('an account changes its own, over TLS or without', async () => {
    const passwords = [newPassword(), newPassword(), newPassword()] as const;
    const account = await addAccount(passwords[0], undefined, '127.0.0.%');
    const [before, between, after] = passwords;
    await open().setPassword(
      { account, by: { kind: 'self', currentPassword: before }, newPassword: between },
      LIMITS,
    );
    await open('off').setPassword(
      { account, by: { kind: 'self', currentPassword: between }, newPassword: after },
      LIMITS,
    );
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
  });

  test('of a new password that a main account sets nothing is in the logs of the server', async () => {
    const after = newPassword();
    const account = await addAccount(newPassword());
    await open().setPassword({ account, by: main, newPassword: after }, LIMITS);
    const { general, binary } = await server.readStatementLogs();
    expect(general).toContain('sql_log_off');
    expect(binary).toContain(`SET PASSWORD FOR '${account.split('@')[0] ?? ''}'@'%'`);
    expect(general.includes(after) || binary.includes(after)).toBe(false);
  });

  test('an account that may not keep its statement out of the general log changes it all the same', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await addAccount(before);
    await open().setPassword(
      { account, by: { kind: 'self', currentPassword: before }, newPassword: after },
      LIMITS,
    );
    expect((await server.readStatementLogs()).binary.includes(after)).toBe(false);
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
  });

  test.each([
    "o'brien",
    "'; DROP USER tester; -- ",
    'a\\',
    "a\\'b",
    'a"b',
    'a`b',
    '-rf',
    'Ärger',
    'a@b',
    '%',
    '_',
  ])('the user %j is that one and no other, with a password like it', async user => {
    const after = `${newPassword()}'"\\\`%; -- `;
    const account = await addAccount(newPassword(), user);
    await open().setPassword({ account, by: main, newPassword: after }, LIMITS);
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    const last = newPassword();
    await open().setPassword(
      { account, by: { kind: 'self', currentPassword: after }, newPassword: last },
      LIMITS,
    );
    expect(await open().proves(account, last, LIMITS)).toBe('opens');
  });

  test.each(['', '@', '@%', 'user@', 'a\0b', 'a\nb', 'x'.repeat(321)])(
    'the account number %# is refused',
    async account => {
      const change = { account, by: main, newPassword: newPassword() };
      await expect(open().setPassword(change, LIMITS)).rejects.toMatchObject({ reason: 'account-refused' });
      await expect(open().proves(account, 'x', LIMITS)).rejects.toMatchObject({ reason: 'account-refused' });
    },
  );

  test('the server takes another account of this name: nothing is changed, nothing proved', async () => {
    const before = newPassword();
    const user = `u${randomBytes(4).toString('hex')}`;
    await addAccount(before, user, '%');
    await addAccount(before, user, '127.0.0.1');
    const account = `${user}@%`;
    const self: Authority = { kind: 'self', currentPassword: before };
    await expect(
      open().setPassword({ account, by: self, newPassword: newPassword() }, LIMITS),
    ).rejects.toMatchObject({ reason: 'account-refused', outcome: 'unchanged' });
    await expect(open().proves(account, before, LIMITS)).rejects.toMatchObject({ reason: 'account-refused' });
    expect(await open().proves(`${user}@127.0.0.1`, before, LIMITS)).toBe('opens');
  });

  test('refusals of the server are told, and say that nothing was changed', async () => {
    const before = newPassword();
    const [weak, other] = [await addAccount(before), await addAccount(before)];
    const by: Authority = { kind: 'main', account: weak, credential: { kind: 'password', password: before } };
    for (const [change, reason] of [
      [{ account: other, by, newPassword: newPassword() }, 'change-refused'],
      [{ account: 'nobody there', by: main, newPassword: newPassword() }, 'change-refused'],
      [
        { account: other, by: { kind: 'self', currentPassword: 'wrong' }, newPassword: newPassword() },
        'authentication-refused',
      ],
    ] as const) {
      const error: unknown = await open()
        .setPassword(change, LIMITS)
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ reason, outcome: 'unchanged' });
      expect(JSON.stringify(error) + String(error)).not.toContain(change.newPassword);
    }
    expect(await open().proves(other, before, LIMITS)).toBe('opens');
  });

  test('a main account needs UPDATE on mysql.*, and nothing else', async () => {
    const [password, after] = [newPassword(), newPassword()];
    const [chief, account] = [await addAccount(password), await addAccount(newPassword())];
    await admin.query("GRANT UPDATE ON mysql.* TO ?@'%'", [chief.slice(0, -2)]);
    const by: Authority = { kind: 'main', account: chief, credential: { kind: 'password', password } };
    await open().setPassword({ account, by, newPassword: after }, LIMITS);
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
  });

  test('a certificate of somebody else is told nothing', async () => {
    const account = await addAccount('open-sesame');
    await expect(open({}).proves(account, 'open-sesame', LIMITS)).rejects.toMatchObject({
      reason: 'certificate-refused',
    });
  });

  test('a connection that breaks at any point: one of two passwords is the right one', async () => {
    const current = newPassword();
    const account = await addAccount(current);
    const link = await createLink(server.port);
    const { outcomes } = await cutEverywhere({
      target: open('off', link.port),
      direct: open(),
      link,
      account,
      current,
      step: 5,
      changeTo: (currentPassword, after) => ({
        account,
        by: { kind: 'self', currentPassword },
        newPassword: after,
      }),
    });
    await link.close();
    expect(outcomes).toEqual(new Set(['unchanged', 'unknown', 'done']));
  });

  test('a connection that hangs or breaks in the statement leaves it open what happened', async () => {
    const account = await addAccount(newPassword());
    const link = await createLink(server.port);
    try {
      const target = open({ ca: server.ca }, link.port);
      const change = { account, by: main, newPassword: newPassword() };
      // Statements about accounts wait.
      await admin.query('FLUSH TABLES WITH READ LOCK');
      await expect(target.setPassword(change, { deadlineMs: 3_000 })).rejects.toMatchObject({
        reason: 'timeout',
        outcome: 'unknown',
      });
      await untilWaiting(0);
      const running = target.setPassword(change, LIMITS);
      const asserted = expect(running).rejects.toMatchObject({
        reason: 'connection-lost',
        outcome: 'unknown',
      });
      await untilWaiting(1);
      link.cut();
      await asserted;
    } finally {
      await admin.query('UNLOCK TABLES');
      await link.close();
    }
  });

  async function untilWaiting(wanted: number): Promise<void> {
    for (let waiting = -1; waiting !== wanted;) {
      const rows: unknown = await admin.query(
        `SELECT id FROM information_schema.processlist WHERE info LIKE 'SET PASSWORD FOR%'`,
      );
      waiting = (rows as unknown[]).length;
    }
  }
});
