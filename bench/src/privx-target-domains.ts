/**
 * Makes every call of PrivX's Python SDK for target domains, with the SDK as it is, against a platform and an OpenLDAP of
 * its own. `node bench/dist/privx-target-domains.js <checkout of SSHcom/privx-sdk-for-python>`; needs python3. Exit code:
 * 1 when a call does not answer as the SDK wants it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { offerServers } from '@strongroom/testing/run-servers';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX } from '@strongroom/testing/slapd';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';
import { endInOrder } from './end-in-order.ts';

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error('usage: privx-target-domains <checkout of privx-sdk-for-python>');

const servers = await offerServers(process.env);
const ending = endInOrder(() => servers.close());
try {
  if (!(await canStartSlapd())) throw new Error('this needs an OpenLDAP that is there or can be installed');
  const slapd = await startSlapd();
  ending.add(slapd.stop);
  const uids = ['app1', 'app2', 'app3'];
  await slapd.load(
    uids
      .map(uid =>
        ldifEntry(`uid=${uid},${SUFFIX}`, {
          objectClass: ['inetOrgPerson'],
          uid,
          cn: uid,
          sn: uid,
          userPassword: 'as-It-Was-1',
        }),
      )
      .join(''),
  );
  const dataDirectory = await makeDataDirectory();
  ending.add(() => removeDataDirectory(dataDirectory));
  const platform = await startStandalone(dataDirectory, { STRONGROOM_ROTATION_ALLOW_LOOPBACK: 'true' });
  ending.add(async () => {
    await platform.stop();
  });
  const { hostname, port } = new URL(platform.baseUrl);
  const { credentials } = platform;
  const python = spawn('python3', [path.resolve(import.meta.dirname, '../python/privx_target_domains.py')], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PYTHONPATH: path.resolve(checkout),
      PYTHONDONTWRITEBYTECODE: '1',
      HOST: hostname,
      PORT: port,
      CA_FILE: credentials.ca_file,
      OAUTH_ID: credentials.oauth_client.id,
      OAUTH_SECRET: credentials.oauth_client.secret,
      API_ID: credentials.api_client.id,
      API_SECRET: credentials.api_client.secret,
      DIRECTORY: JSON.stringify({
        type: 'LDAP',
        scan_priority: 1,
        rotation_priority: 1,
        ldap_protocol: 'ldaps',
        ldap_address: '127.0.0.1',
        ldap_port: slapd.tlsPort,
        ldap_base_dn: SUFFIX,
        ldap_bind_dn: slapd.admin.name,
        ldap_bind_password: slapd.admin.password,
        ldap_root_certificates: slapd.ca,
      }),
    },
  });
  const [code] = (await once(python, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await ending.end();
}
