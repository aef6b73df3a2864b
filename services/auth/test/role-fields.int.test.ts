import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PERMISSIONS } from '@strongroom/contracts/permissions';
import { ROLES, startTestAuth, uniqueName, type TestAuth } from './support.ts';

/** What the platform does not act on is kept and given back as it was sent: Terraform compares it. */

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

async function stored(members: Record<string, unknown>): Promise<Record<string, unknown>> {
  const created = await auth.call('POST', ROLES, { body: { name: uniqueName('fields'), ...members } });
  expect([created.status, created.body]).toEqual([201, { id: expect.any(String) }]);
  return (await auth.call('GET', `${ROLES}/${String(created.body['id'])}`)).body;
}

test('a role of a name alone comes with whole objects, for clients look into them', async () => {
  expect(await stored({})).toMatchObject({
    permissions: null,
    source_rules: { type: 'GROUP', match: 'ANY', rules: [] },
    context: { enabled: false, validity: [], start_time: '', end_time: '', timezone: '', ip_masks: [] },
    principal_public_key_strings: [],
  });
});

describe('comes back as it was sent', () => {
  test.each<[string, Record<string, unknown>]>([
    ['permissions null', { permissions: null }],
    ['permissions empty', { permissions: [] }],
    ['permissions in their order', { permissions: ['vault-manage', 'api-clients-manage', 'roles-view'] }],
    ['all permissions', { permissions: [...PERMISSIONS] }],
    ['texts', { comment: 'two\nlines\tä', tags: ['b', 'a'], type: 'x', arn: 'arn:aws', source: 's' }],
    ['flags', { explicit: true, implicit: false, permit_agent: true }],
    ['empty texts', { comment: '', owner_src: '', access_group_id: '', grant_type: '' }],
    [
      'a time-restricted grant',
      {
        grant_type: 'TIME_RESTRICTED',
        grant_start: '2026-01-01T00:00:00Z',
        grant_end: '',
        grant_validity_periods: [{ grant_start: '2026-01-01T00:00:00Z', grant_end: '2026-02-01T00:00:00Z' }],
      },
    ],
    ['a floating grant', { grant_type: 'FLOATING', floating_length: 48 }],
    [
      'a context',
      {
        context: {
          enabled: true,
          block_role: false,
          validity: ['MON', 'TUE'],
          start_time: '09:00',
          end_time: '17:00',
          timezone: 'Europe/Helsinki',
          ip_masks: ['10.0.0.0/8'],
        },
      },
    ],
    [
      'rules in depth',
      {
        source_rules: {
          type: 'GROUP',
          match: 'ALL',
          rules: [
            { type: 'RULE', source: 'b1', search_string: '(cn=*)', match: 'ANY', rules: [] },
            {
              type: 'GROUP',
              match: 'ANY',
              rules: [{ type: 'RULE', source: 'b2', search_string: '', rules: [] }],
            },
          ],
        },
      },
    ],
  ])('%s', async (_what, members) => {
    expect(await stored(members)).toMatchObject(members);
  });
});

test('rules are a list at every level, also where they were null or left out', async () => {
  const { source_rules } = await stored({
    source_rules: {
      type: 'GROUP',
      match: 'ANY',
      rules: [
        { type: 'RULE', rules: null },
        { type: 'RULE', source: 'x' },
      ],
    },
  });
  expect(source_rules).toEqual({
    type: 'GROUP',
    match: 'ANY',
    rules: [
      { type: 'RULE', rules: [] },
      { type: 'RULE', source: 'x', rules: [] },
    ],
  });
});

test('what was not sent has the values that clients expect', async () => {
  const plain = await stored({});
  expect(plain).toMatchObject({
    permissions: null,
    explicit: false,
    implicit: false,
    system: false,
    context: { enabled: false },
    source_rules: { type: 'GROUP', match: 'ANY', rules: [] },
  });
});

test("Go's body: read-only members are ignored, null is unset", async () => {
  const role = await stored({
    id: 'a0000000-0000-4000-8000-000000000000',
    created: '',
    updated: '',
    author: 'somebody',
    updatedby: '',
    system: true,
    member_count: 5,
    explicit_count: 0,
    tags: null,
    permissions: null,
    grant_validity_periods: null,
    principal_public_key_strings: ['ssh-rsa AAAA'],
    source_rules: { type: '', source: '', search_string: '', match: '', rules: null },
    context: null,
    comment: null,
  });
  expect(role).toMatchObject({ system: false, author: auth.secrets.bootstrap.api_client.id });
  expect(role['id']).not.toBe('a0000000-0000-4000-8000-000000000000');
  // Counts and keys are the platform's own.
  expect(role).toMatchObject({ member_count: 0, explicit_count: 0, principal_public_key_strings: [] });
  // And what it reads may be sent back whole.
  const path = `${ROLES}/${String(role['id'])}`;
  expect((await auth.call('PUT', path, { body: role })).status).toBe(200);
  expect({ ...(await auth.call('GET', path)).body, updated: role['updated'] }).toEqual(role);
});

describe('a wrong member is named', () => {
  const nested = (depth: number): object =>
    depth === 0 ? {} : { type: 'GROUP', rules: [nested(depth - 1)] };

  test.each<[string, string, Record<string, unknown>]>([
    ['permissions.1', 'VALUE_INCORRECT_FORMAT', { permissions: ['roles-view', 'plum-own-everything'] }],
    ['permissions', 'VALUE_INCORRECT_TYPE', { permissions: 'roles-view' }],
    ['permissions.0', 'VALUE_INCORRECT_TYPE', { permissions: [5] }],
    ['permissions', 'VALUE_OUT_OF_BOUNDS', { permissions: Array(100).fill('roles-view') }],
    ['comment', 'VALUE_OUT_OF_BOUNDS', { comment: 'x'.repeat(4_097) }],
    ['comment', 'VALUE_INCORRECT_FORMAT', { comment: 'plum\0' }],
    ['comment', 'VALUE_INCORRECT_TYPE', { comment: 5 }],
    ['tags.1', 'VALUE_INCORRECT_TYPE', { tags: ['a', 5] }],
    ['tags', 'VALUE_OUT_OF_BOUNDS', { tags: Array(101).fill('t') }],
    ['explicit', 'VALUE_INCORRECT_TYPE', { explicit: 'yes' }],
    ['grant_type', 'VALUE_INCORRECT_FORMAT', { grant_type: 'plum' }],
    ['floating_length', 'VALUE_INCORRECT_TYPE', { floating_length: '48' }],
    ['floating_length', 'VALUE_OUT_OF_BOUNDS', { floating_length: -1 }],
    [
      'grant_validity_periods.0.grant_start',
      'VALUE_INCORRECT_TYPE',
      { grant_validity_periods: [{ grant_start: 5 }] },
    ],
    ['context', 'VALUE_INCORRECT_TYPE', { context: [] }],
    ['context.ip_masks.0', 'VALUE_INCORRECT_TYPE', { context: { ip_masks: [null] } }],
    ['source_rules', 'VALUE_INCORRECT_TYPE', { source_rules: 'plum' }],
    ['source_rules.rules', 'VALUE_INCORRECT_TYPE', { source_rules: { rules: 5 } }],
    ['source_rules.rules', 'VALUE_INCORRECT_TYPE', { source_rules: { rules: 'plum' } }],
    ['source_rules.rules.0', 'VALUE_INCORRECT_TYPE', { source_rules: { rules: [null] } }],
    [
      'source_rules.rules.0.rules.0',
      'VALUE_INCORRECT_TYPE',
      { source_rules: { rules: [{ rules: ['plum'] }] } },
    ],
    ['source_rules.match', 'VALUE_INCORRECT_TYPE', { source_rules: { match: 5 } }],
    ['source_rules.type', 'VALUE_INCORRECT_FORMAT', { source_rules: { type: 'plum' } }],
    ['source_rules.search_string', 'VALUE_INCORRECT_FORMAT', { source_rules: { search_string: 'a\0' } }],
    ['source_rules', 'VALUE_OUT_OF_BOUNDS', { source_rules: nested(17) }],
  ])('%s: %s (%#)', async (property, code, members) => {
    const { status, body, text } = await auth.call('POST', ROLES, {
      body: { name: uniqueName('wrong'), ...members },
    });
    expect([status, body['error_code'], body['property']]).toEqual([400, code, property]);
    expect(text).not.toContain('plum');
  });

  test('rules of the greatest depth are taken', async () => {
    expect((await stored({ source_rules: nested(16) }))['source_rules']).toHaveProperty('type', 'GROUP');
  });
});
