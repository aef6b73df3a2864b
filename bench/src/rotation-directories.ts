import { randomBytes } from 'node:crypto';
import { createLink } from '@strongroom/testing/link';
import type { ProcessClient } from '@strongroom/testing/process-client';
import { ldifEntry, startSlapd, SUFFIX } from '@strongroom/testing/slapd';
import { create, newPassword, type RotatedHost, type Rotation } from './rotation-hosts.ts';

const DOMAINS = '/secrets-manager/api/v1/targetdomains';

/** A directory over TLS whose administrator changes the passwords of the accounts in it. */
export async function startDirectory(
  client: ProcessClient,
  rotation: Rotation,
  accountCount: number,
): Promise<RotatedHost> {
  const slapd = await startSlapd();
  const link = await createLink(slapd.tlsPort);
  const stop = async () => {
    await link.close();
    await slapd.stop();
  };
  try {
    // Quotes, commas and parentheses mean something in names or in filters.
    const accounts = Array.from(
      { length: accountCount },
      () => `app "o'neil", (ops)* ${randomBytes(4).toString('hex')}`,
    );
    const initialPasswords = accounts.map(newPassword);
    const places = new Map(accounts.map((account, index) => [account, `cn=account ${index},${SUFFIX}`]));
    const entries = accounts.map((uid, index) =>
      ldifEntry(places.get(uid) ?? '', {
        objectClass: ['inetOrgPerson'],
        cn: `account ${index}`,
        sn: 'account',
        uid,
        userPassword: initialPasswords[index] ?? '',
      }),
    );
    await slapd.load(entries.join(''));
    const id = await create(client, DOMAINS, {
      name: `rotated in a directory ${randomBytes(4).toString('hex')}`,
      endpoints: [
        {
          type: 'LDAP',
          ldap_protocol: 'ldaps',
          ldap_address: '127.0.0.1',
          ldap_port: link.port,
          ldap_base_dn: SUFFIX,
          ldap_bind_dn: slapd.admin.name,
          ldap_bind_password: slapd.admin.password,
          ldap_root_certificates: slapd.ca,
        },
      ],
    });
    const managed = new Map<string, string>();
    for (const [index, username] of accounts.entries()) {
      const account = await create(client, `${DOMAINS}/${id}/managedaccounts`, {
        username,
        password_policy: { id: rotation.policyId },
        rotation_enabled: true,
      });
      managed.set(username, account);
      // As an operator tells it, so that whichever is in force is known from the beginning.
      const told = await client.call('POST', `${DOMAINS}/${id}/managedaccounts/${account}/password`, {
        password: initialPasswords[index],
      });
      if (told.status !== 200) throw new Error(`a password was not taken: ${told.status} ${told.text}`);
    }
    return {
      kind: 'slapd',
      id,
      folder: 'domains',
      rotatePath: account => `${DOMAINS}/${id}/managedaccounts/${managed.get(account) ?? ''}/rotate`,
      accounts,
      initialPasswords,
      link,
      opens: (account, password) => slapd.opens(places.get(account) ?? '', password),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
