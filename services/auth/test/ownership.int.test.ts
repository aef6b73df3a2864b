import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { liveSessions, makePerson, openContext, signInAs, type TestContext } from './people.ts';
import { createSoftwareAuthenticator } from './software-authenticator.ts';
import { ISSUER, ROLES, startTestAuth, type TestAuth } from './support.ts';

/**
 * Every route that names an object by id, as auth itself lists them: somebody without permissions gets at nothing of
 * somebody else, neither by the other's id nor by an object's id under his own.
 */

const PEOPLE = '/role-store/api/v1/users';
const DIALECT = '/SecretServer/';

let auth: TestAuth;
let ctx: TestContext;

beforeAll(async () => {
  auth = await startTestAuth();
  ctx = await openContext(auth, () => new Date());
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});

function sshKey(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const blob = Buffer.concat([part(Buffer.from('ssh-ed25519')), part(Buffer.from(x, 'base64url'))]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}

/** A person without permissions who has one of each thing that a person can have. */
async function owner() {
  const id = await makePerson(auth);
  const { sessionId, bearer: as } = await signInAs(ctx, id);
  const made = async (path: string, body: unknown) => {
    const answer = await auth.call('POST', path, { as, body });
    expect([path, answer.status]).toEqual([path, 201]);
    return String(answer.body['id']);
  };
  const options = await auth.call('POST', '/auth/api/v1/mfa/webauthn/options', { as });
  const response = await createSoftwareAuthenticator({ origin: ISSUER }).create(options.body);
  const credential_id = await made('/auth/api/v1/mfa/webauthn', { name: 'key', response });
  const key_id = await made(`${PEOPLE}/current/authorizedkeys`, { name: 'key', public_key: sshKey() });
  const [row] = await auth.superuser.query<{ number: number }>('SELECT number FROM users WHERE id = $1', [
    id,
  ]);
  return { id, number: String(row?.number), as, sessionId, credential_id, key_id };
}

type Owner = Awaited<ReturnType<typeof owner>>;

/** All that the installation keeps of a person, as text. */
async function stateOf({ id, sessionId }: Owner): Promise<string> {
  const paths = ['', '/settings', '/roles', '/authorizedkeys', '/webauthn-credentials'];
  const answers = await Promise.all(paths.map(path => auth.call('GET', `${PEOPLE}/${id}${path}`)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  const live = await liveSessions(auth, [sessionId]);
  return JSON.stringify([answers.map(({ text }) => text), live]);
}

async function routesWithIds(): Promise<{ method: string; template: string }[]> {
  const { body } = await auth.call('GET', '/openapi.json', { as: null });
  const paths = body['paths'] as Record<string, Record<string, { security: unknown[] }>>;
  return Object.entries(paths)
    .filter(([template]) => template.includes('{'))
    .flatMap(([template, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security.length > 0)
        .map(([method]) => ({ method: method.toUpperCase(), template })),
    );
}

/** Ids of objects that belong to nobody in particular. */
async function sharedIds(): Promise<Record<string, string>> {
  const first = async (path: string) => {
    const { body } = await auth.call('GET', path);
    return String((body['items'] as { id: string }[])[0]?.id);
  };
  const role = await first(ROLES);
  const key = await auth.call('POST', `${ROLES}/${role}/principalkeys/generate`);
  const app = await auth.call('POST', '/auth/api/v1/idp/clients', { body: { name: 'app' } });
  const rule = await auth.call('POST', `${DIALECT}api/v1/sdk-client-rules`, { body: { name: 'rule' } });
  return {
    '/roles/{id}': role,
    '/principalkeys/{key_id}': String(key.body['id']),
    '/api-clients/{id}': auth.secrets.bootstrap.api_client.id,
    '/sources/{id}': await first('/role-store/api/v1/sources'),
    '/sources/{sourceId}': await first('/role-store/api/v1/sources'),
    '/idp/clients/{id}': String(app.body['id']),
    '/sdk-client-rules/{id}': String(rule.body['id']),
    '/sdk-client-accounts/{id}': '1',
  };
}

function fill(
  template: string,
  ids: Record<string, string>,
  { id, number, ...own }: Omit<Owner, 'as'>,
): string {
  let path = template.startsWith(DIALECT) ? template.replace('/users/{id}', `/users/${number}`) : template;
  for (const [part, value] of Object.entries(ids)) {
    path = path.replace(part, part.replace(/\{\w+\}/, value));
  }
  return path
    .replace('/users/{id}', `/users/${id}`)
    .replace('/users/{userId}', `/users/${id}`)
    .replace('/sessions/{id}', `/sessions/${own.sessionId}`)
    .replace('{credential_id}', own.credential_id)
    .replace('{key_id}', own.key_id)
    .replace(/\{\w+\}/, id);
}

/** What a client would send: the object as it is, or a key of its own. */
async function bodyFor(method: string, path: string): Promise<unknown> {
  if (method === 'PUT') return (await auth.call('GET', path)).body;
  if (method === 'POST' && path.endsWith('/authorizedkeys')) return { name: 'key', public_key: sshKey() };
  return undefined;
}

test('nobody reaches what is somebody else’s by its id', async () => {
  const [stranger, victim] = [await owner(), await owner()];
  const shared = await sharedIds();
  const routes = await routesWithIds();
  expect(routes.length).toBeGreaterThan(50);
  const before = await stateOf(victim);
  let known = 0;
  for (const { method, template } of routes) {
    // Under `current` the owner is the caller: there the victim's object is asked for.
    const path = fill(template, shared, victim);
    const read =
      method === 'GET' && !template.includes('/current/') ? await auth.call('GET', path) : undefined;
    if (read?.status === 200) known += 1;
    const body = await bodyFor(method, path.replace('/users/current/', `/users/${victim.id}/`));
    const answer = await auth.call(method, path, {
      as: stranger.as,
      ...(body === undefined ? {} : { body }),
    });
    const isDialect = path.startsWith(DIALECT);
    expect([method, path, answer.status]).toEqual([
      method,
      path,
      isDialect || answer.status === 404 ? 404 : 403,
    ]);
    expect(Object.keys(answer.body).sort()).toEqual(
      isDialect ? ['errorCode', 'message'] : ['error_code', 'error_message', 'request_id'],
    );
  }
  expect(await stateOf(victim)).toBe(before);
  // Most paths do lead somewhere, for who may: providers and trusted clients are those that are not there.
  expect(known).toBeGreaterThanOrEqual(15);
});

test('an object is not found under another person than its own', async () => {
  const [stranger, victim] = [await owner(), await owner()];
  const before = await stateOf(victim);
  const mixed = { ...victim, id: stranger.id };
  let tried = 0;
  for (const { method, template } of await routesWithIds()) {
    if (!template.includes('{credential_id}') && !/users\/\{id\}\/.*\{key_id\}/.test(template)) continue;
    const path = fill(template, {}, mixed);
    const body = await bodyFor(method, fill(template, {}, victim));
    // Neither the owner of the path nor who may do everything.
    for (const as of [stranger.as, undefined]) {
      const answer = await auth.call(method, path, {
        ...(as === undefined ? {} : { as }),
        ...(body === undefined ? {} : { body }),
      });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
      tried += 1;
    }
  }
  expect(tried).toBe(12);
  expect(await stateOf(victim)).toBe(before);
});

test('what is one’s own is reached by the same paths', async () => {
  const person = await owner();
  const reached: string[] = [];
  for (const { method, template } of await routesWithIds()) {
    if (method !== 'GET' || !/users\/(current|\{id\})/.test(template)) continue;
    const answer = await auth.call('GET', fill(template, {}, person), { as: person.as });
    if (answer.status === 200) reached.push(template);
    else {
      const refusal = template.startsWith(DIALECT) ? 404 : 403;
      const users = expect.stringMatching(/local-user-store|^\/SecretServer\//);
      expect([template, answer.status]).toEqual([users, refusal]);
    }
  }
  expect(reached).toHaveLength(9);
});
