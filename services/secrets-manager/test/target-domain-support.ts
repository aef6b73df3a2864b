import { PREFIX, uniqueName, type TestSecretsManager } from './support.ts';
import type { Json } from './host-support.ts';

export const DOMAINS = `${PREFIX}/targetdomains`;

export const ldapEndpoint = (members: Json = {}): Json => ({
  type: 'LDAP',
  scan_priority: 1,
  rotation_priority: 1,
  ldap_protocol: 'ldaps',
  ldap_address: 'directory.example',
  ldap_port: 636,
  ldap_base_dn: 'dc=example,dc=test',
  ldap_bind_dn: 'cn=scan,dc=example,dc=test',
  ldap_bind_password: 'plum-9931',
  ...members,
});

export const domainBody = (members: Json = {}): Json => ({
  name: uniqueName('domain'),
  domain_name: 'example.test',
  enabled: true,
  endpoints: [ldapEndpoint()],
  ...members,
});

export async function readDomain(sm: TestSecretsManager, id: string): Promise<Json> {
  const answer = await sm.call('GET', `${DOMAINS}/${id}`);
  if (answer.status !== 200) throw new Error(`not read: ${answer.text}`);
  return answer.body;
}
