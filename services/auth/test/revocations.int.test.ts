import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createRevocations } from '@strongroom/auth-client/revocations';
import { revocationFeed, revocationsOfAuth } from '@strongroom/auth-client/revocation-feed';
import { eventually } from '@strongroom/testing/eventually';
import { announceRights } from '../src/operations/effects-at-once.ts';
import { openInside, type Inside } from './inside.ts';
import { basic, ROLES, startTestAuth, type TestAuth } from './support.ts';

const REVOCATIONS = '/auth/api/v1/revocations';
const START = new Date('2026-05-01T00:00:00Z');
let now = START;
let auth: TestAuth;
let inside: Inside;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  inside = await openInside(auth.config, auth.secrets, () => now);
});
afterEach(() => {
  now = START;
});
afterAll(async () => {
  await inside.close();
  await auth.stop();
});

const machine = async (id: keyof TestAuth['secrets']['machineSecrets'] = 'strongroom-monitor') => {
  const { body } = await auth.postToken(
    'grant_type=client_credentials',
    basic(id, auth.secrets.machineSecrets[id]),
  );
  return String(body['access_token']);
};
const asService = async () => ({ as: `Bearer ${await machine()}` });

/** All that a replica of a service would load. */
async function loaded() {
  const revocations = createRevocations(() => now);
  await revocationFeed({ revocations, page: revocationsOfAuth(auth.url, () => machine()) }).load();
  return revocations;
}
const issued = () => now.getTime() / 1000;

const statusAt = async (url: string, bearer: string) =>
  (await fetch(`${url}${ROLES}`, { headers: { authorization: bearer } })).status;

/** An API client with one role, as a subject. */
async function subjectWith(...permissions: Parameters<TestAuth['clientWith']>) {
  const { id, roleId } = await auth.clientWith(...permissions);
  return { subject: { kind: 'api-client', id } as const, roleId };
}

describe('what was revoked', () => {
  test.each(['strongroom-vault', 'strongroom-secrets-manager', 'strongroom-monitor'] as const)(
    'is told to %s',
    async id => {
      const { status, body } = await auth.call('GET', REVOCATIONS, { as: `Bearer ${await machine(id)}` });
      expect([status, Object.keys(body)]).toEqual([200, ['sessionIds', 'subjects']]);
    },
  );

  test('is told to services alone', async () => {
    const { status, body } = await auth.call('GET', REVOCATIONS);
    expect([status, body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    expect((await auth.call('GET', REVOCATIONS, { as: null })).status).toBe(401);
  });

  test.each(['after_session=x', 'after_subject=', `after_session=${'0'.repeat(36)}`])(
    'cannot be asked for by %s',
    async query => {
      expect((await auth.call('GET', `${REVOCATIONS}?${query}`, await asService())).status).toBe(400);
    },
  );

  test('holds the sessions that ended and have a token that would still hold', async () => {
    const subject = { kind: 'api-client', id: randomUUID() } as const;
    const long = await inside.signIn(subject, 3_600);
    const short = await inside.signIn(subject, 300);
    const alive = await inside.signIn(subject, 3_600);
    expect(await inside.end({ subjectId: subject.id, exceptId: alive.sid })).toHaveLength(2);
    const at = issued();
    const ended = async () => {
      const revocations = await loaded();
      return [long, short, alive].map(({ sid }) => revocations.isEnded(sid, at));
    };
    expect(await ended()).toEqual([true, true, false]);
    now = new Date(now.getTime() + 300_000);
    expect(await ended()).toEqual([true, false, false]);
    now = new Date(now.getTime() + 3_300_000);
    expect(await ended()).toEqual([false, false, false]);
  });

  test('holds what subjects may do now whose rights were reduced within the life of a token', async () => {
    const { subject, roleId } = await subjectWith('vault-add', 'roles-view');
    const { subject: other } = await subjectWith('roles-view');
    await inside.change(tx => announceRights(inside.ctx, tx, [subject]));
    const announced = issued();
    // Rights as they are when asked, not as they were when announced.
    await inside.ctx.db.query(`UPDATE roles SET permissions = '{roles-view}' WHERE id = $1`, [roleId]);
    const rights = (await loaded()).rightsOf(subject.id, announced);
    expect([...(rights?.roles ?? [])]).toEqual([roleId]);
    expect([...(rights?.permissions ?? [])]).toEqual(['roles-view']);
    expect((await loaded()).rightsOf(other.id, announced)).toBeUndefined();
    now = new Date(now.getTime() + 3_600_000);
    expect((await loaded()).rightsOf(subject.id, announced)).toBeUndefined();
  });

  test('comes in pages, none of which is left out', async () => {
    await auth.superuser.query('TRUNCATE rights_changes, sessions CASCADE');
    await auth.superuser.query(
      `INSERT INTO sessions (id, kind, subject_id, client_id, username, remote_address, user_agent, scope, auth_time,
         auth_methods, role_ids, created_at, updated_at, expires_at, token_expires_at, ended_at)
       SELECT gen_random_uuid(), 'user', gen_random_uuid(), '', '', '', '', '', $1, '{}', '{}', $1, $1,
         $1::timestamptz + interval '1 hour', $1::timestamptz + interval '1 hour', $1 FROM generate_series(1, 2001)`,
      [now],
    );
    await auth.superuser.query(
      `INSERT INTO rights_changes (subject_id, kind, changed_at)
       SELECT gen_random_uuid(), 'user', $1 FROM generate_series(1, 201)`,
      [now],
    );
    const first = await auth.call('GET', REVOCATIONS, await asService());
    expect((first.body['sessionIds'] as unknown[]).length).toBe(1_000);
    expect((first.body['subjects'] as unknown[]).length).toBe(100);
    const revocations = await loaded();
    const ids = await auth.superuser.query<{ id: string }>('SELECT id FROM sessions WHERE ended_at = $1', [
      now,
    ]);
    const subjects = await auth.superuser.query<{ id: string }>(
      'SELECT subject_id AS id FROM rights_changes WHERE changed_at = $1',
      [now],
    );
    expect([ids.length, subjects.length]).toEqual([2_001, 201]);
    expect(ids.filter(({ id }) => !revocations.isEnded(id, issued()))).toEqual([]);
    expect(subjects.filter(({ id }) => revocations.rightsOf(id, issued()) === undefined)).toEqual([]);
  });
});

describe('auth itself', () => {
  test('refuses an ended session on every replica, also on one that starts later', async () => {
    const { subject } = await subjectWith('roles-view');
    const { sid, bearer } = await inside.signIn(subject);
    const spared = await inside.signIn(subject);
    const replica = await auth.startReplica();
    expect([await statusAt(auth.url, bearer), await statusAt(replica.url, bearer)]).toEqual([200, 200]);
    await inside.end({ id: sid });
    for (const url of [auth.url, replica.url])
      await eventually('a refusal', async () => (await statusAt(url, bearer)) === 401);
    const late = await auth.startReplica();
    expect(await statusAt(late.url, bearer)).toBe(401);
    for (const url of [auth.url, replica.url, late.url]) expect(await statusAt(url, spared.bearer)).toBe(200);
    await replica.stop();
    await late.stop();
  });

  test('takes a permission from tokens that are in use, on every replica', async () => {
    const { subject, roleId } = await subjectWith('roles-view', 'api-clients-manage');
    const { bearer } = await inside.signIn(subject);
    const replica = await auth.startReplica();
    expect(await statusAt(replica.url, bearer)).toBe(200);
    await inside.change(async tx => {
      await tx.query(`UPDATE roles SET permissions = '{api-clients-manage}' WHERE id = $1`, [roleId]);
      await announceRights(inside.ctx, tx, [subject]);
    });
    for (const url of [auth.url, replica.url])
      await eventually('a refusal', async () => (await statusAt(url, bearer)) === 403);
    const late = await auth.startReplica();
    expect(await statusAt(late.url, bearer)).toBe(403);
    await replica.stop();
    await late.stop();
  });
});
