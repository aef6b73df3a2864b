import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caller } from './secret-server.ts';
import {
  METADATA,
  pathOf,
  SECRETS,
  startTestVault,
  uniqueName,
  versioned,
  type TestVault,
} from './support.ts';

/** The members that classes of PowerShell's module know (contract 1.5). */
const STATE_MEMBERS = `actions checkOutIntervalMinutes checkOutMinutesRemaining checkedOutUserDisplayname
  checkedOutUserId folderId folderName id isActive isCheckedOut isCheckedOutByCurrentUser passwordChangePending role
  secretName secretState`.split(/\s+/);
const SETTINGS_MEMBERS = `expirationDate expirationDayInterval expirationTemplateText expirationType
  oneTimePasswordSettings rdpLauncherSettings sendEmailWhenChanged sendEmailWhenHeartbeatFails sendEmailWhenViewed
  sshLauncherSettings`.split(/\s+/);

const now = new Date('2031-05-06T07:08:09.123Z');

let vault: TestVault;
let call: ReturnType<typeof caller>;
let asReader: string;
let asOther: string;
let stranger: string;
beforeAll(async () => {
  vault = await startTestVault({ now: () => now });
  call = caller(vault);
  const bearer = (roles: string[]) => vault.issuer.bearer({ sub: randomUUID(), roles });
  [asReader, asOther, stranger] = [
    await bearer([vault.role.id]),
    await bearer([vault.role.id]),
    await bearer([]),
  ];
});
afterAll(() => vault.stop());

async function secret(more: object = {}) {
  const name = `${uniqueName('team')}/db`;
  const body = { name, data: { pass: 'p' }, read_roles: [vault.role], ...more };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return { name, id: Number((await vault.call('GET', pathOf(name, METADATA))).body['number']) };
}
const state = async (id: number, as?: string) =>
  (await call('GET', `/secrets/${id}/state`, as === undefined ? {} : { as })).body;

describe('the state of a secret', () => {
  test('says what the caller may do, in exactly the members that clients know', async () => {
    const { name, id } = await secret();
    const own = await state(id);
    expect(Object.keys(own).sort()).toEqual([...STATE_MEMBERS].sort());
    expect(own).toMatchObject({
      id,
      secretName: 'db',
      folderName: name.split('/')[0],
      isActive: true,
      isCheckedOut: false,
      role: 'Owner',
      secretState: 'None',
      actions: ['Edit', 'EditExpiration', 'Expire', 'Delete', 'EditShare', 'ViewShare'],
    });
    expect(await state(id, asReader)).toMatchObject({ role: 'View', actions: [], secretState: 'None' });
    const closed = await secret({ read_roles: [] });
    expect(await state(closed.id)).toMatchObject({ role: 'Owner', secretState: 'CannotView' });
  });

  test('tells of a deleted one that it can come back', async () => {
    const { name, id } = await secret();
    await vault.call('POST', versioned('delete', name), { body: { versions: [1] } });
    expect(await state(id)).toMatchObject({
      isActive: false,
      secretState: 'RequiresUndelete',
      actions: ['Undelete'],
    });
  });
});

describe('the expiry of a secret', () => {
  const put = (id: number, data: object, as?: string) =>
    call('PUT', `/secrets/${id}/expiration`, { body: { data }, ...(as === undefined ? {} : { as }) });
  const dirty = (value: unknown) => ({ dirty: true, value });

  test('is a date that all dialects show, and goes again', async () => {
    const { name, id } = await secret();
    const set = await put(id, {
      expirationType: dirty('SpecificDate'),
      expirationDate: dirty('2032-03-04'),
    });
    expect(set.status).toBe(200);
    expect(Object.keys(set.body).sort()).toEqual([...SETTINGS_MEMBERS].sort());
    expect(set.body).toMatchObject({ expirationDate: '2032-03-04T00:00:00', expirationType: 'SpecificDate' });
    expect((await vault.call('GET', pathOf(name))).body['expires']).toBe('2032-03-04T00:00:00.000Z');
    expect((await call('GET', `/secrets/${id}/settings`)).body).toEqual(set.body);
    expect((await put(id, { expirationType: { dirty: false, value: 'Template' } })).body).toEqual(set.body);
    expect((await put(id, { expirationType: dirty('Template') })).body).toMatchObject({
      expirationDate: null,
      expirationType: 'Disabled',
    });
    expect((await vault.call('GET', pathOf(name, METADATA))).body['expires']).toBeUndefined();
  });

  test.each<[string, object]>([
    [
      'an interval, which nothing here counts',
      { expirationType: dirty('DayInterval'), expirationDayInterval: dirty(30) },
    ],
    ['no date', { expirationType: dirty('SpecificDate') }],
    ['a date that is none', { expirationType: dirty('SpecificDate'), expirationDate: dirty('31.02.2031') }],
    ['a type that is none', { expirationType: dirty('Sometimes') }],
  ])('is refused with %s', async (_what, data) => {
    const { id } = await secret();
    const { status, body } = await put(id, data);
    expect([status, typeof body['message']]).toEqual([400, 'string']);
    expect((await call('GET', `/secrets/${id}/settings`)).body).toMatchObject({ expirationDate: null });
  });

  test('is set by those who may write', async () => {
    const { id } = await secret();
    for (const as of [asReader, stranger]) {
      const { status, body } = await put(id, { expirationType: dirty('Template') }, as);
      expect([status, body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    }
  });

  test('is now for a secret that is revoked, also while others change it', async () => {
    const { name, id } = await secret({ write_roles: [vault.role] });
    const answers = await Promise.all([
      call('POST', `/secrets/${id}/expire`, { body: { comment: 'leaked' } }),
      vault.call('PUT', pathOf(name), { body: { data: { pass: 'q' } } }),
      call('POST', `/secrets/${id}/expire`, { body: {} }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0].body).toMatchObject({ id, daysUntilExpiration: 0 });
    expect((await vault.call('GET', pathOf(name))).body).toMatchObject({
      expires: now.toISOString(),
      data: { pass: 'q' },
    });
    const comments = (await vault.trail()).map(({ message }) => message['comment']);
    expect(comments).toContain('leaked');
  });
});

describe('favorites', () => {
  const mark = async (id: number, body: object, as = asReader) =>
    (await call('POST', `/secrets/${id}/favorite`, { as, body })).body as unknown;
  const list = async (as = asReader) =>
    ((await call('GET', '/secrets/favorite', { as })).body as unknown as { id: number }[]).map(
      ({ id }) => id,
    );

  test("are each caller's own, and turn over without a word", async () => {
    const { name, id } = await secret();
    expect(await list()).not.toContain(id);
    expect(await mark(id, {})).toBe(true);
    expect(await mark(id, { IsFavorite: 'True' })).toBe(true);
    const [shown] = (await call('GET', '/secrets/favorite', { as: asReader })).body as unknown as object[];
    expect(shown).toEqual({
      id,
      secretName: 'db',
      folderId: expect.any(Number),
      folderPath: `\\${name.split('/')[0] ?? ''}`,
    });
    expect(await list(asOther)).toEqual([]);
    expect(await mark(id, {})).toBe(false);
    expect(await mark(id, { isFavorite: false })).toBe(false);
    expect(await list()).toEqual([]);
  });

  test('go with the secret, and out of sight with the right to know of it', async () => {
    const { name, id } = await secret();
    const kept = await secret();
    await mark(id, {});
    await mark(kept.id, {});
    await vault.call('PUT', pathOf(kept.name), { body: { read_roles: [] } });
    expect(await list()).toEqual([id]);
    await vault.call('DELETE', pathOf(name));
    expect(await list()).toEqual([]);
  });

  test('are of what the caller may know of', async () => {
    const { id } = await secret();
    expect((await call('POST', `/secrets/${id}/favorite`, { as: stranger, body: {} })).status).toBe(404);
    const rows = await vault.superuser.query(
      'SELECT FROM vault.favorites f JOIN vault.secrets s ON s.id = f.secret_id WHERE s.number = $1',
      [id],
    );
    expect(rows).toEqual([]);
  });
});

test('a comment before an access is on the record', async () => {
  const { name, id } = await secret();
  const comment = uniqueName('because');
  const path = `/secret-access-requests/secrets/${id}/view-comment`;
  const body = { comment, ticketNumber: 'T-1', ticketSystemId: 2 };
  expect((await call('POST', path, { as: asReader, body })).status).toBe(200);
  const record = (await vault.trail()).find(({ message }) => message['comment'] === comment);
  expect(record?.message).toMatchObject({ secret: name, ticketNumber: 'T-1', ticketSystemID: '2' });
  expect((await call('POST', path, { as: stranger, body })).status).toBe(404);
});

describe('settings that no secret has', () => {
  test.each([
    ['v1', 'email', 'sendEmailWhenViewed'],
    ['v2', 'email', 'sendEmailWhenChanged'],
    ['v1', 'security-general', 'requiresComment'],
    ['v1', 'security-checkout', 'checkOutEnabled'],
    ['v3', 'security-checkout', 'checkOutChangePasswordEnabled'],
  ])('%s %s: switching off is taken, switching on is refused', async (version, what, member) => {
    const { id } = await secret();
    const patch = (value: unknown, as?: string) =>
      vault.call('PATCH', `/SecretServer/api/${version}/secrets/${id}/${what}`, {
        body: { data: { [member]: { dirty: true, value } } },
        ...(as === undefined ? {} : { as }),
      });
    const off = await patch(false);
    expect(off.status).toBe(200);
    const shown = { v1: off.body, v2: off.body, v3: off.body['model'] as object }[version];
    expect(shown).toMatchObject({ [member]: version === 'v1' ? { value: false } : false });
    expect((await patch(true)).status).toBe(400);
    expect((await patch(false, stranger)).status).toBe(404);
  });
});
