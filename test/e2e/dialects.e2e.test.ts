import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Answer } from '@strongroom/testing/api-client';
import { eventually, roleHandle, runPlatform, type RunningPlatform } from './support.ts';

/** One secret under every API that the platform has: each makes it, each changes it, and all see the same. */

interface Place {
  readonly folder: string;
  readonly folderId: string;
  readonly folderNumber: number;
  readonly leaf: string;
}
interface Login {
  readonly user: string;
  readonly pass: string;
}

/** An API, as far as the walk needs it. Writing answers the call that wrote. A further one is one more entry below. */
interface Dialect {
  readonly name: string;
  create: (place: Place, login: Login) => Promise<Answer>;
  change: (place: Place, login: Login) => Promise<Answer>;
  /** `version` where the API has such. */
  read: (place: Place) => Promise<Login & { version?: number }>;
  /** Where to read it, and what somebody is answered who may not know of it. */
  hidden: (place: Place) => [path: string, answer: { status: number; body?: object }];
}

let running: RunningPlatform;
let stranger: string;
let folderId: string;
let folderNumber: number;
const folder = `walks ${randomUUID()}`;

beforeAll(async () => {
  running = await runPlatform();
  const admin = await roleHandle(running.client, 'privx-admin');
  const body = { path: folder, read_roles: [admin], write_roles: [admin] };
  const made = await call('POST', '/vault/api/v1/folders', body);
  folderId = String(made.body?.['id']);
  folderNumber = Number(made.body?.['number']);
  const clients = '/local-user-store/api/v1/api-clients';
  const program = await call('POST', clients, { name: `stranger ${randomUUID()}`, roles: [] });
  const id = String(program.body?.['id']);
  const { body: described } = await call('GET', `${clients}/${id}`);
  const granted = await running.client.signIn(id, String(described?.['secret']));
  stranger = String(granted.body?.['access_token']);
});
afterAll(() => running.stop());

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await running.client.call(method, path, body === undefined ? {} : { body });
  expect([method, path, answer.status < 300]).toEqual([method, path, true]);
  return answer;
}

const nameOf = ({ folder, leaf }: Place): string => `${folder}/${leaf}`;
const under = (prefix: string) => (place: Place) => `${prefix}/${encodeURIComponent(nameOf(place))}`;
const loginOf = (data: unknown): Login => {
  const { user, pass } = data as Login;
  return { user, pass };
};

const plain = under('/vault/api/v1/secrets');
const privx: Dialect = {
  name: 'PrivX',
  create: (place, data) => call('POST', '/vault/api/v1/secrets', { name: nameOf(place), data }),
  change: (place, data) => call('PUT', plain(place), { data }),
  async read(place) {
    const { body } = await call('GET', plain(place));
    return { ...loginOf(body?.['data']), version: Number(body?.['version']) };
  },
  hidden: place => [plain(place), { status: 404 }],
};

const versioned = under('/vault/api/v1/secret/data');
const privxVersioned: Dialect = {
  name: 'PrivX, versioned',
  create: (place, data) => call('POST', versioned(place), { data, options: { cas: 0 } }),
  change: (place, data) => call('POST', versioned(place), { data }),
  async read(place) {
    const { body } = await call('GET', versioned(place));
    const { body: described } = await call('GET', under('/vault/api/v1/secret/metadata')(place));
    return { ...loginOf(body?.['data']), version: (described?.['versions'] as object[]).length };
  },
  hidden: place => [versioned(place), { status: 404 }],
};

interface ServedSecret {
  id: number;
  items: { slug: string; itemValue: string }[];
}
const SECRETS = '/SecretServer/api/v1/secrets';
const servedAt = ({ folder: name, leaf }: Place): string =>
  `${SECRETS}/0?${new URLSearchParams({ secretPath: `\\${name}\\${leaf}` }).toString()}`;
const served = async (place: Place): Promise<ServedSecret> => {
  const { body } = await call('GET', servedAt(place));
  return body as unknown as ServedSecret;
};
const secretServer: Dialect = {
  name: 'Secret Server',
  async create({ folderNumber: folderId, leaf: name }, login) {
    const { body } = await call('GET', '/SecretServer/api/v1/secret-templates?take=100');
    const templates = body?.['records'] as { id: number; name: string }[];
    const template = templates.find(({ name: title }) => title === 'Credentials');
    const items = Object.entries(login).map(([slug, itemValue]) => ({ slug, itemValue: String(itemValue) }));
    return call('POST', SECRETS, { name, folderId, secretTemplateId: template?.id, siteId: 1, items });
  },
  async change(place, login) {
    const secret = await served(place);
    const items = secret.items.map(item =>
      item.slug in login ? { ...item, itemValue: login[item.slug as keyof Login] } : item,
    );
    return call('PUT', `${SECRETS}/${secret.id}`, { ...secret, items });
  },
  async read(place) {
    const { items } = await served(place);
    const valueOf = (slug: string) => items.find(item => item.slug === slug)?.itemValue ?? '';
    return { user: valueOf('user'), pass: valueOf('pass') };
  },
  hidden: place => [servedAt(place), { status: 404 }],
};

const SECRETS_SAFE = '/BeyondTrust/api/public/v3/Secrets-Safe';
type SafeSecret = Record<'Id' | 'Username' | 'Password', string>;
const safeAt = ({ folder: path, leaf: title }: Place): string =>
  `${SECRETS_SAFE}/Secrets?${new URLSearchParams({ path, title, version: '3.2' }).toString()}`;
const safe = async (place: Place): Promise<SafeSecret> => {
  const { body } = await call('GET', safeAt(place));
  expect(body).toMatchObject({ TotalCount: 1, Data: [{ Title: place.leaf }] });
  return (body?.['Data'] as [SafeSecret])[0];
};
const secretsSafe: Dialect = {
  name: 'Secrets Safe',
  create: ({ folderId: id, leaf: Title }, { user: Username, pass: Password }) =>
    call('POST', `${SECRETS_SAFE}/Folders/${id}/secrets`, { Title, Username, Password }),
  async change(place, { user: Username, pass: Password }) {
    const secret = await safe(place);
    return call('PUT', `${SECRETS_SAFE}/Secrets/${secret.Id}`, { ...secret, Username, Password });
  },
  async read(place) {
    const { Username: user, Password: pass } = await safe(place);
    return { user, pass };
  },
  hidden: place => [safeAt(place), { status: 200, body: { TotalCount: 0, Data: [] } }],
};

const DIALECTS: readonly Dialect[] = [privx, privxVersioned, secretServer, secretsSafe];

test.each(DIALECTS)('a secret that is made by $name is changed and seen by all', async maker => {
  const place = { folder, folderId, folderNumber, leaf: `made ${randomUUID()}` };
  const written: string[] = [];
  const note = ({ headers }: Answer) => written.push(String(headers['x-request-id']));
  const expectSeen = async (login: Login) => {
    for (const reader of DIALECTS) {
      const { version = written.length, ...seen } = await reader.read(place);
      expect([reader.name, seen, version]).toEqual([reader.name, login, written.length]);
    }
  };

  const login = { user: 'app', pass: randomUUID() };
  note(await maker.create(place, login));
  await expectSeen(login);
  for (const changer of DIALECTS) {
    const changed = { user: changer.name, pass: randomUUID() };
    note(await changer.change(place, changed));
    await expectSeen(changed);
  }

  // Whoever has no role of its folder finds it nowhere, and nobody without a token does.
  for (const { name, hidden } of DIALECTS) {
    const [path, answer] = hidden(place);
    const seen = await running.client.call('GET', path, { token: stranger });
    expect([name, seen]).toMatchObject([name, answer]);
    expect([name, (await running.client.call('GET', path, { token: null })).status]).toEqual([name, 401]);
  }

  // Earlier versions are there, whoever wrote them.
  const first = await call('GET', `${versioned(place)}?version=1`);
  expect(loginOf(first.body?.['data'])).toEqual(login);

  // Each write is one record, with the version that it made.
  const trail = await eventually(
    async () => {
      const { body } = await call('POST', '/monitor-service/api/v1/auditevents/search?limit=500', {
        keywords: place.leaf,
      });
      const { items } = body as { items: { event_name: string; message: Record<string, string> }[] };
      return written.map(id =>
        items
          .filter(({ event_name: event, message }) => message['requestID'] === id && event.endsWith('ed'))
          .map(({ event_name: event, message }) => [event, message['secretVersion']]),
      );
    },
    records => records.every(({ length }) => length > 0),
  );
  expect(trail).toEqual([
    [['Secret-created', '1']],
    ...DIALECTS.map((_dialect, index) => [['Secret-updated', String(index + 2)]]),
  ]);
});
