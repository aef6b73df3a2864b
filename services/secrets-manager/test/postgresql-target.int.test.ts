import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { silentLogger } from '@strongroom/log/logger';
import { createLink } from '@strongroom/testing/link';
import { openTarget } from '../src/targets/open-target.ts';
import type { Authority, TargetDescription } from '../src/targets/target.ts';
import { cutEverywhere } from './interruptions.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };
const newPassword = () => `Nw+${randomBytes(12).toString('hex')}=Z`;

describe('a PostgreSQL server', () => {
  let server: EmbeddedPostgres;
  let directory: string;
  let ca: string;
  let superuser: pg.Client;
  let main: Authority;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'strongroom-target-'));
    await chmod(directory, 0o711);
    const authority = await issueAuthority(new Date());
    const issued = await issueServerCertificate(authority, ['127.0.0.1', 'db.test'], new Date());
    ca = authority.certificate;
    const account = await serverAccount(path.join(directory, 'none'));
    for (const [name, text] of [
      ['cert.pem', issued.certificate],
      ['key.pem', issued.key],
    ] as const) {
      const file = path.join(directory, name);
      await writeFile(file, text, { mode: 0o600 });
      if (account !== undefined) await chown(file, account.uid, account.gid);
    }
    const password = newPassword();
    server = await startEmbeddedPostgres({
      dataDirectory: path.join(directory, 'data'),
      logFile: path.join(directory, 'log'),
      superuser: 'chief',
      password,
      durable: false,
      settings: {
        ssl: 'on',
        ssl_cert_file: path.join(directory, 'cert.pem'),
        ssl_key_file: path.join(directory, 'key.pem'),
        // All that a server can be told to write down.
        log_statement: 'all',
        log_min_error_statement: 'debug5',
        log_min_messages: 'debug1',
      },
      log: silentLogger,
    });
    superuser = new pg.Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'chief',
      password,
      database: 'postgres',
    });
    await superuser.connect();
    main = { kind: 'main', account: 'chief', credential: { kind: 'password', password } };
  });
  afterAll(async () => {
    await superuser.end();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const open = (change: Partial<Extract<TargetDescription, { kind: 'postgresql' }>> = {}) =>
    openTarget({ kind: 'postgresql', host: '127.0.0.1', port: server.port, tls: { ca }, ...change }, NETWORK);

  async function addRole(password: string, name = `role_${randomBytes(4).toString('hex')}`): Promise<string> {
    await superuser.query(
      `CREATE ROLE ${pg.escapeIdentifier(name)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
    );
    return name;
  }

  test('a main account changes a password, and the new one opens', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await addRole(before);
    await open().setPassword({ account, by: main, newPassword: after }, LIMITS);
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    expect(await open().proves(account, before, LIMITS)).toBe('refused');
  });

  test('an account changes its own; no log has it, and the server keeps SCRAM', async () => {
    const [before, after] = [newPassword(), `'${newPassword()}\\"`];
    const account = await addRole(before);
    await open().setPassword(
      { account, by: { kind: 'self', currentPassword: before }, newPassword: after },
      LIMITS,
    );
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    const { rows } = await superuser.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [account]);
    expect(rows).toEqual([{ rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$/) }]);
    const log = await readFile(path.join(directory, 'log'), 'utf8');
    expect(log).toContain(`ALTER ROLE "${account}"`);
    expect(log.includes(after) || log.includes(after.slice(1, -2))).toBe(false);
  });

  test.each([
    'o"brien',
    '"; DROP ROLE chief; --',
    "o'brien",
    '-rf',
    'Ärger name',
    'a\\b',
    '$1',
    'PUBLIC',
    'é'.repeat(31),
  ])('the role %j is that one and no other', async name => {
    const after = newPassword();
    await addRole(newPassword(), name);
    await open().setPassword({ account: name, by: main, newPassword: after }, LIMITS);
    expect(await open().proves(name, after, LIMITS)).toBe('opens');
  });

  test('a name that would be cut off to another one is refused', async () => {
    const [name, before] = ['n'.repeat(63), newPassword()];
    await addRole(before, name);
    for (const account of [`${name}x`, '', 'a\0b', 'a\nb']) {
      const change = { account, by: main, newPassword: newPassword() };
      await expect(open().setPassword(change, LIMITS)).rejects.toMatchObject({ reason: 'account-refused' });
      await expect(open().proves(account, before, LIMITS)).rejects.toMatchObject({
        reason: 'account-refused',
      });
    }
    expect(await open().proves(name, before, LIMITS)).toBe('opens');
  });

  test('refusals of the server are told, and say that nothing was changed', async () => {
    const before = newPassword();
    const [weak, other] = [await addRole(before), await addRole(before)];
    const by: Authority = { kind: 'main', account: weak, credential: { kind: 'password', password: before } };
    const cases = [
      [{ account: other, by, newPassword: newPassword() }, 'change-refused', '42501'],
      [{ account: 'nobody there', by: main, newPassword: newPassword() }, 'change-refused', '42704'],
      [
        { account: other, by: { kind: 'self', currentPassword: 'wrong' }, newPassword: newPassword() },
        'authentication-refused',
        '28P01',
      ],
    ] as const;
    for (const [change, reason, code] of cases) {
      await expect(open().setPassword(change, LIMITS)).rejects.toMatchObject({
        reason,
        outcome: 'unchanged',
        details: { code },
      });
    }
    expect(await open().proves(other, before, LIMITS)).toBe('opens');
  });

  test('a role that may not use the database has its password proved all the same', async () => {
    const password = newPassword();
    const account = await addRole(password);
    await superuser.query('CREATE DATABASE closed');
    await superuser.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    for (const database of ['closed', 'not there']) {
      expect(await open({ database }).proves(account, password, LIMITS)).toBe('opens');
      expect(await open({ database }).proves(account, 'wrong', LIMITS)).toBe('refused');
    }
    await superuser.query(`ALTER ROLE ${account} NOLOGIN`);
    await expect(open().proves(account, password, LIMITS)).rejects.toMatchObject({
      reason: 'authentication-refused',
      details: { code: '28000' },
    });
  });

  test('a server that asks for no password proves none', async () => {
    const account = await addRole(newPassword());
    const file = path.join(directory, 'data', 'pg_hba.conf');
    const before = await readFile(file, 'utf8');
    const { uid, gid } = await stat(file);
    const write = async (text: string) => {
      await writeFile(file, text);
      await chown(file, uid, gid);
      await superuser.query('SELECT pg_reload_conf()');
    };
    await write(`host all ${account} 127.0.0.1/32 trust\n${before}`);
    try {
      await expect(open().proves(account, 'anything', LIMITS)).rejects.toMatchObject({
        reason: 'no-password-sign-in',
      });
      const change = { account, by: { kind: 'self', currentPassword: 'x' }, newPassword: 'y' } as const;
      await expect(open().setPassword(change, LIMITS)).rejects.toMatchObject({ outcome: 'unchanged' });
    } finally {
      await write(before);
    }
  });

  test('a certificate of somebody else, or for another name, is told nothing', async () => {
    const account = await addRole('open-sesame');
    const lookup = ((_: string, __: object, callback: (error: null, found: object[]) => void) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])) as never;
    const named = (host: string) =>
      openTarget({ kind: 'postgresql', host, port: server.port, tls: { ca } }, { ...NETWORK, lookup });
    expect(await named('db.test').proves(account, 'open-sesame', LIMITS)).toBe('opens');
    for (const target of [
      named('other.test'),
      open({ tls: {} }),
      open({ tls: { ca: (await issueAuthority(new Date())).certificate } }),
    ]) {
      await expect(target.proves(account, 'open-sesame', LIMITS)).rejects.toMatchObject({
        reason: 'certificate-refused',
      });
    }
    expect(await open({ tls: 'off' }).proves(account, 'open-sesame', LIMITS)).toBe('opens');
  });

  test('a connection that breaks at any point: one of two passwords is the right one', async () => {
    const current = newPassword();
    const account = await addRole(current);
    const link = await createLink(server.port);
    const { outcomes } = await cutEverywhere({
      target: open({ port: link.port, tls: 'off' }),
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

  test('a connection that breaks or hangs in the statement leaves it open what happened', async () => {
    const account = await addRole(newPassword());
    const link = await createLink(server.port);
    const blocker = new pg.Client({ ...superuserConfig(), port: server.port });
    await blocker.connect();
    try {
      // Holds the row that ALTER ROLE writes.
      await blocker.query('BEGIN');
      await blocker.query(`ALTER ROLE ${account} CONNECTION LIMIT 5`);
      const target = open({ port: link.port });
      const change = { account, by: main, newPassword: newPassword() };
      await expect(target.setPassword(change, { deadlineMs: 3_000 })).rejects.toMatchObject({
        reason: 'timeout',
        outcome: 'unknown',
      });
      await untilWaiting(superuser, 0);
      const running = target.setPassword(change, LIMITS);
      const asserted = expect(running).rejects.toMatchObject({
        reason: 'connection-lost',
        outcome: 'unknown',
      });
      await untilWaiting(superuser, 1);
      link.cut();
      await asserted;
      link.mend();
      await terminate();
      await untilWaiting(superuser, 0);
      const killed = expect(target.setPassword(change, LIMITS)).rejects.toMatchObject({ outcome: 'unknown' });
      await untilWaiting(superuser, 1);
      await terminate();
      await killed;
    } finally {
      await blocker.query('ROLLBACK');
      await blocker.end();
      await link.close();
    }
  });

  const terminate = () =>
    superuser.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);

  const superuserConfig = () => ({
    host: '127.0.0.1',
    user: 'chief',
    password: server.password,
    database: 'postgres',
  });
});

async function untilWaiting(client: pg.Client, wanted: number): Promise<void> {
  for (let waiting = -1; waiting !== wanted;) {
    const { rows } = await client.query<{ waiting: number }>(
      `SELECT count(*)::integer AS waiting FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND application_name = 'strongroom-secrets-manager'`,
    );
    waiting = rows[0]?.waiting ?? -1;
  }
}
