import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, runPlatform, type RunningPlatform } from './support.ts';

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const API = '/BeyondTrust/api/public/v3';

async function makeClient() {
  const { client } = running;
  const clients = '/local-user-store/api/v1/api-clients';
  const made = await client.call('POST', clients, { body: { name: 'deploy', roles: [] } });
  const { body } = await client.call('GET', `${clients}/${String(made.body?.['id'])}`);
  return { id: String(body?.['id']), secret: String(body?.['secret']) };
}

const signIn = (authorization: string) =>
  running.client.call('POST', `${API}/Auth/SignAppIn`, { token: null, headers: { authorization } });
/** A secret that is not there: 404 to whoever is known, else 401. */
const askVault = (headers: Record<string, string>) =>
  running.client.call('GET', `${API}/Secrets-Safe/Secrets/0b6a3c1e-8f0e-4c2b-9d5e-1f2a3b4c5d6e`, {
    token: null,
    headers,
  });

test('a session opened at auth holds at vault, by cookie or header, until it is left', async () => {
  const { client } = running;
  const { id, secret } = await makeClient();
  const key = await client.call('POST', '/auth/api/v1/api-keys', { body: { name: 'key', subject_id: id } });
  const granted = await client.call('POST', `${API}/Auth/connect/token`, {
    token: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    }).toString(),
  });
  const bearer = `Bearer ${String(granted.body?.['access_token'])}`;
  const psAuth = `PS-Auth key=${String(key.body?.['key'])};runas=deploy;`;

  for (const authorization of [bearer, psAuth]) {
    const signedIn = await signIn(authorization);
    expect([signedIn.status, signedIn.body]).toEqual([
      200,
      expect.objectContaining({ UserId: expect.any(Number), UserName: 'deploy' }),
    ]);
    const whole = String(signedIn.headers['set-cookie']);
    expect(whole).toMatch(/^StrongroomSession=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
    const [cookie = ''] = whole.split(';');
    // Go's jar, the script that copies it whole, Python's session.
    for (const headers of [{ cookie }, { cookie: whole }, { cookie, authorization }]) {
      expect((await askVault(headers)).status).toBe(404);
    }
    const out = await client.call('POST', `${API}/Auth/Signout`, { token: null, headers: { cookie } });
    expect([out.status, out.text]).toEqual([200, '']);
    await eventually(
      () => askVault({ cookie }),
      ({ status }) => status === 401,
    );
  }
  expect((await askVault({ authorization: bearer })).status).toBe(401);
  expect((await askVault({ authorization: psAuth })).status).toBe(401);
});
