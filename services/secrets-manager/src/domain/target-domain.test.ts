import { describe, expect, test } from '@jest/globals';
import { MASK } from './passphrases.ts';
import { inOrder, settleEndpoints, type Endpoint } from './target-domain.ts';

const ldap = (members: Partial<Endpoint> = {}): Endpoint => ({
  type: 'LDAP',
  ldap_address: 'dc1.example',
  ldap_port: 636,
  ldap_bind_dn: 'cn=scan',
  ...members,
});

describe('secrets of endpoints', () => {
  const before = settleEndpoints([
    ldap({ ldap_bind_password: 'one' }),
    ldap({ ldap_address: 'dc2.example', ldap_bind_password: 'two' }),
    { type: 'ENTRA', entra_tenant_id: 't', entra_client_id: 'c', entra_client_secret: 'three' },
  ]);

  test('are masked, each in its member', () => {
    expect(before.endpoints.map(endpoint => endpoint.ldap_bind_password)).toEqual([MASK, MASK, undefined]);
    expect(before.endpoints[2]?.entra_client_secret).toBe(MASK);
    expect(JSON.stringify(before.endpoints)).not.toMatch(/"(one|two|three)"/);
  });

  test('stay where a mask comes back, in whatever order', () => {
    const after = settleEndpoints([...before.endpoints].reverse(), before);
    expect(after.secrets).toEqual([...before.secrets].reverse());
  });

  test('that are empty or missing are none', () => {
    const { endpoints, secrets } = settleEndpoints([ldap({ ldap_bind_password: '' }), ldap()], before);
    expect(secrets.map(secret => secret.ldap_bind_password)).toEqual(['', '']);
    expect(endpoints[0]?.ldap_bind_password).toBe('');
    expect(endpoints[1]).not.toHaveProperty('ldap_bind_password');
  });

  test.each([
    ldap({ ldap_address: 'evil.example' }),
    ldap({ ldap_port: 1_636 }),
    ldap({ ldap_bind_dn: 'cn=other' }),
    { type: 'ENTRA', entra_tenant_id: 't', entra_client_id: 'c', entra_base_url: 'https://evil.example' },
  ])('are sent nowhere else by a mask: %j', moved => {
    const member = moved.type === 'LDAP' ? 'ldap_bind_password' : 'entra_client_secret';
    expect(() => settleEndpoints([{ ...moved, [member]: MASK }], before)).toThrow(/nothing/);
  });
});

test('endpoints come by their priority, equal ones as they stand', () => {
  const given = [2, 1, 1, undefined].map((priority, index) =>
    ldap({ ldap_address: `dc${index}`, ...(priority === undefined ? {} : { scan_priority: priority }) }),
  );
  expect(inOrder(given, 'scan_priority').map(({ index }) => index)).toEqual([3, 1, 2, 0]);
});
