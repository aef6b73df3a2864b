import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anyOf, localSource, makePerson, makeRole, USERS } from './people-rows.ts';
import { ROLES, startTestAuth, uniqueName, type Answer, type TestAuth } from './support.ts';

let auth: TestAuth;
let source: string;

beforeAll(async () => {
  auth = await startTestAuth();
  source = await localSource(auth);
});
afterAll(() => auth.stop());

const idsOf = ({ body }: Answer) => (body['items'] as { id: string }[]).map(item => item.id);
const members = (roleId: string, query = '') => auth.call('GET', `${ROLES}/${roleId}/members${query}`);

describe('members of a role', () => {
  test('are those it was given to and those whom its rules match, each once', async () => {
    const department = randomUUID();
    const roleId = await makeRole(auth, anyOf(source, `(department=${department})`));
    const given = await makePerson(auth, {}, { username: uniqueName('a'), roles: [roleId] });
    const ruled = await makePerson(auth, { department }, { username: uniqueName('b') });
    const both = await makePerson(auth, { department }, { username: uniqueName('c'), roles: [roleId] });
    await makePerson(auth, { department: 'other' });

    const all = await members(roleId);
    expect([all.status, all.body['count'], idsOf(all)]).toEqual([200, 3, [given.id, ruled.id, both.id]]);
    expect((all.body['items'] as unknown[])[0]).toMatchObject({
      principal: given.username,
      source,
      source_type: 'LOCAL',
    });
    expect(all.text).not.toMatch(/password/);
    const page = await members(roleId, '?sortkey=principal&sortdir=DESC&offset=1&limit=1');
    expect([page.body['count'], idsOf(page)]).toEqual([3, [ruled.id]]);
    expect((await members(roleId, '?offset=3')).body).toEqual({ count: 3, items: [] });
    expect((await auth.call('GET', `${ROLES}/${roleId}`)).body).toMatchObject({
      member_count: 3,
      explicit_count: 2,
    });
    // Counting takes a look at everybody, so lists do without.
    const list = await auth.call('POST', `${ROLES}/search`, { body: {} });
    expect(list.text).not.toContain('member_count');
  });

  test('are not those whose grant is over', async () => {
    const roleId = await makeRole(auth);
    const { id } = await makePerson(auth);
    const grant = { id: roleId, grant_type: 'TIME_RESTRICTED', grant_end: '2020-01-01T00:00:00Z' };
    expect((await auth.call('PUT', `${USERS}/${id}/roles`, { body: [grant] })).status).toBe(200);
    expect((await members(roleId)).body).toEqual({ count: 0, items: [] });
  });

  test('are found beyond one batch', async () => {
    const tag = randomUUID();
    await auth.superuser.query(
      `INSERT INTO users (id, username, canonical_username, document, created_at, source_id)
       SELECT gen_random_uuid(), $1 || n, $1 || n, '{}', now(), s.id
       FROM generate_series(1, 2100) AS n, sources s WHERE s.is_local`,
      [tag],
    );
    const roleId = await makeRole(auth, anyOf(source, `(cn=${tag}*)`));
    const answer = await members(roleId, '?limit=1000');
    expect([answer.body['count'], idsOf(answer).length]).toEqual([2_100, 1_000]);
    // Too many to show (contract 4.1).
    const body = { name: 'x', ...anyOf(source, `(cn=${tag}*)`) };
    expect((await auth.call('POST', `${ROLES}/evaluate`, { body })).body).toEqual({
      count: 2_100,
      items: [],
    });
  });

  test('of no role, and with wrong parameters', async () => {
    expect((await members(randomUUID())).status).toBe(404);
    const roleId = await makeRole(auth);
    for (const query of ['?limit=1001', '?sortkey=password_hash', '?sortdir=x']) {
      expect((await members(roleId, query)).status).toBe(400);
    }
  });
});

describe('evaluation', () => {
  const evaluate = (body: unknown, as?: string) =>
    auth.call('POST', `${ROLES}/evaluate`, { body, ...(as === undefined ? {} : { as }) });

  test('finds whom rules match, and makes no role', async () => {
    const { id, username } = await makePerson(auth, {}, { tags: ['evaluated'] });
    const name = uniqueName('evaluated');
    const answer = await evaluate({ name, ...anyOf(source, `(&(cn=${username})(tags=evaluated))`) });
    expect([answer.status, answer.body['count'], idsOf(answer)]).toEqual([200, 1, [id]]);
    expect((await auth.call('POST', `${ROLES}/resolve`, { body: [name] })).body['count']).toBe(0);
  });

  test.each([
    ['no rules', () => ({})],
    ['an empty group', () => ({ source_rules: { type: 'GROUP', match: 'ALL', rules: [] } })],
    ['an empty filter', () => anyOf(source, '')],
    ['a malformed filter', () => anyOf(source, '(cn=*')],
    ['another source', () => anyOf(randomUUID(), '(cn=*)')],
    ['a source that is no id', () => anyOf("x' OR true", '(cn=*)')],
  ])('%s: nobody', async (_what, rules) => {
    expect((await evaluate({ name: 'x', ...rules() })).body).toEqual({ count: 0, items: [] });
  });

  test('needs no name, for the role need not exist', async () => {
    const { id, username } = await makePerson(auth);
    for (const name of [undefined, null, '']) {
      const answer = await evaluate({ name, ...anyOf(source, `(cn=${username})`) });
      expect([answer.status, idsOf(answer)]).toEqual([200, [id]]);
    }
  });

  test('checks all else as POST /roles does', async () => {
    expect((await evaluate({ name: 'x', permissions: ['none'] })).status).toBe(400);
    const rules = Array(1_000).fill({ type: 'RULE' });
    const tooMany = await evaluate({ name: 'x', source_rules: { type: 'GROUP', rules } });
    expect([tooMany.status, tooMany.body['property']]).toEqual([400, 'source_rules']);
  });

  test('is for those who manage roles; members are for those who view them', async () => {
    const roleId = await makeRole(auth);
    for (const [permission, viewing, evaluating] of [
      ['roles-manage', 200, 200],
      ['roles-view', 200, 403],
      ['users-manage', 403, 403],
    ] as const) {
      const { bearer: as } = await auth.clientWith(permission);
      const viewed = await auth.call('GET', `${ROLES}/${roleId}/members`, { as });
      expect([permission, viewed.status]).toEqual([permission, viewing]);
      expect([permission, (await evaluate({ name: 'x' }, as)).status]).toEqual([permission, evaluating]);
    }
  });
});
