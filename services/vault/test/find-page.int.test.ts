import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { mayKnow, mayRead, mayUsePersonal, mayWrite, type Secret } from '../src/domain/secret.ts';
import { searchSecrets, type SecretSearch } from '../src/operations/search-secrets.ts';
import { createFindPage, SEARCH_BOUNDS, type SearchBounds } from '../src/store/find-page.ts';
import { startTestVault, type TestVault } from './support.ts';

/* The store of the search against what a plain filter would find, with bounds so small that all its ways are gone. */

const NOW = new Date('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const ROLES = Array.from({ length: 4 }, () => randomUUID());
const OWNERS = ['ann', 'ben'];
const request: RequestInfo = { id: 'r', remoteAddress: '127.0.0.1', userAgent: '' };

type Stored = Pick<
  Secret,
  | 'id'
  | 'name'
  | 'ownerId'
  | 'tags'
  | 'schema'
  | 'readRoles'
  | 'writeRoles'
  | 'inheritedReadRoles'
  | 'inheritedWriteRoles'
  | 'expiresAt'
  | 'createdAt'
  | 'updatedAt'
>;

let vault: TestVault;
let now = NOW;
beforeAll(async () => {
  vault = await startTestVault({ now: () => NOW });
});
afterAll(() => vault.stop());
beforeEach(async () => {
  now = NOW;
  await empty();
});

const empty = () => vault.superuser.query('TRUNCATE secrets, folders CASCADE');

async function store(secrets: readonly Stored[]): Promise<void> {
  const folders = new Map(
    secrets
      .filter(({ ownerId, name }) => ownerId === undefined && name.includes('/'))
      .map(secret => [secret.name.slice(0, secret.name.lastIndexOf('/')), secret]),
  );
  for (const [path, { inheritedReadRoles, inheritedWriteRoles }] of folders) {
    await vault.superuser.query(
      `INSERT INTO folders (id, path, read_roles, write_roles, effective_read_roles, effective_write_roles,
                            created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, '{}', '{}', $3, $4, now(), '', now(), '')`,
      [randomUUID(), path, inheritedReadRoles, inheritedWriteRoles],
    );
  }
  await vault.superuser.query(
    `INSERT INTO secrets (id, name, owner_id, folder_id, schema_id, tags, read_roles, write_roles, current_version,
                          expires_at, created_at, created_by, updated_at, updated_by)
     SELECT s.id, s.name, s."ownerId", f.id, c.id, s.tags, s."readRoles", s."writeRoles", 1, s."expiresAt",
       s."createdAt", '', s."updatedAt", ''
     FROM json_to_recordset($1) AS s (id uuid, name text, "ownerId" text, schema text, tags text[], "readRoles" uuid[],
       "writeRoles" uuid[], "expiresAt" timestamptz, "createdAt" timestamptz, "updatedAt" timestamptz)
       LEFT JOIN folders f ON s."ownerId" IS NULL AND s.name LIKE '%/%' AND f.path = regexp_replace(s.name, '/[^/]+$', '')
       LEFT JOIN schemas c ON c.name = s.schema`,
    [JSON.stringify(secrets)],
  );
}

const caller = (id: string, roles: string[], manages: boolean): Caller => ({
  id,
  kind: 'user',
  name: id,
  sessionId: 'session',
  clientId: 'privx-ui',
  authTime: 0,
  authMethods: [],
  roles,
  permissions: new Set(manages ? ['vault-manage'] : []),
});

const EVERYTHING: SecretSearch = {
  filter: '',
  ownerIds: [],
  words: [],
  tags: [],
  schema: undefined,
  folder: undefined,
  expiresWithinDays: undefined,
  sortKey: 'name',
  descending: false,
  offset: 0,
  limit: 10,
  counted: false,
};

/** What one replica answers; its marks are its own. */
function openSearch(bounds: Partial<SearchBounds> = {}) {
  const ctx = {
    findPage: createFindPage(vault.superuser, () => now, { ...SEARCH_BOUNDS, ...bounds }),
    now: () => now,
    audit: { write: () => Promise.resolve() } as never,
  };
  return (who: Caller, search: Partial<SecretSearch>) =>
    searchSecrets(ctx, who, request, { ...EVERYTHING, ...search });
}

/** All of it, as who pages by the count gets it. */
async function pageThrough(
  find: ReturnType<typeof openSearch>,
  who: Caller,
  search: Partial<SecretSearch> & { limit: number },
): Promise<{ names: string[]; counts: number[] }> {
  const names: string[] = [];
  const counts: number[] = [];
  for (let offset = 0; ; offset += search.limit) {
    const { count, secrets } = await find(who, { ...search, offset });
    names.push(...secrets.map(({ id }) => id));
    counts.push(count);
    // No page but the last is short.
    if (count > offset + search.limit) expect(secrets).toHaveLength(search.limit);
    else return { names, counts };
  }
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function naive(secrets: readonly Stored[], who: Caller, search: SecretSearch): string[] {
  const isShared = ({ ownerId }: Stored) => ownerId === undefined;
  const owners = search.ownerIds.filter(id => mayUsePersonal(who, id));
  const inScope = (secret: Stored): boolean => {
    if (search.ownerIds.length > 0) return owners.includes(secret.ownerId ?? '');
    if (search.filter === 'shared') return isShared(secret);
    if (search.filter === 'personal') return secret.ownerId === who.id;
    return isShared(secret) || secret.ownerId === who.id;
  };
  // The role itself counts for these: vault-manage neither reads nor, here, writes.
  const plain = { ...who, permissions: new Set<string>() };
  const hasRight = (secret: Stored): boolean => {
    if (!isShared(secret)) return true;
    if (search.filter === 'readable') return mayRead(plain, secret);
    if (search.filter === 'writable') return mayWrite(plain, secret);
    if (search.filter === 'accessible') return mayKnow(plain, secret);
    return true;
  };
  const until = NOW.getTime() + (search.expiresWithinDays ?? 0) * DAY_MS;
  const keyOrder = (a: Stored, b: Stored): number =>
    search.sortKey === 'name'
      ? byCodePoint(a.name, b.name)
      : search.sortKey === 'created'
        ? compare(a.createdAt.getTime(), b.createdAt.getTime())
        : compare(a.updatedAt.getTime(), b.updatedAt.getTime());
  return secrets
    .filter(secret => inScope(secret) && mayKnow(who, secret) && hasRight(secret))
    .filter(({ name }) => search.words.every(word => name.toLowerCase().includes(word.toLowerCase())))
    .filter(({ tags }) => search.tags.every(tag => tags.includes(tag)))
    .filter(({ schema }) => search.schema === undefined || schema === search.schema)
    .filter(({ name }) => search.folder === undefined || name.startsWith(`${search.folder}/`))
    .filter(
      ({ expiresAt }) =>
        search.expiresWithinDays === undefined || (expiresAt !== undefined && expiresAt.getTime() <= until),
    )
    .sort((a, b) => (keyOrder(a, b) || compare(a.id, b.id)) * (search.descending ? -1 : 1))
    .map(({ id }) => id);
}

const someOf = <T>(values: readonly T[]) => fc.subarray([...values], { maxLength: 2 });
const segment = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', 'я', 'Я', '數', '%', '_', '\\', '-'),
  minLength: 1,
  maxLength: 4,
});
const name = fc.array(segment, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'));
const minutes = fc.integer({ min: 0, max: 30 }).map(minute => new Date(NOW.getTime() + minute * 60_000));

/** Folders are told by their path, so that all secrets of one have the same. */
const folderRoles = (secret: { name: string }, roles: readonly string[][]) =>
  secret.name.includes('/')
    ? (roles[secret.name.slice(0, secret.name.lastIndexOf('/')).length % roles.length] ?? [])
    : [];

const vaults = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        id: fc.uuid(),
        name,
        ownerId: fc.option(fc.constantFrom(...OWNERS), { nil: undefined, freq: 3 }),
        tags: someOf(['x', 'y', 'z']),
        schema: fc.option(fc.constantFrom('text', 'credentials'), { nil: undefined }),
        readRoles: someOf(ROLES),
        writeRoles: someOf(ROLES),
        expiresAt: fc.option(
          fc.integer({ min: -3, max: 5 }).map(days => new Date(NOW.getTime() + days * DAY_MS)),
          { nil: undefined },
        ),
        createdAt: minutes,
        updatedAt: minutes,
      }),
      { selector: ({ ownerId, name: text }) => `${ownerId ?? ''}:${text}`, minLength: 5, maxLength: 40 },
    ),
    fc.array(someOf(ROLES), { minLength: 3, maxLength: 3 }),
  )
  .map(([secrets, roles]) =>
    secrets.map((secret): Stored => ({
      ...secret,
      readRoles: secret.ownerId === undefined ? secret.readRoles : [],
      writeRoles: secret.ownerId === undefined ? secret.writeRoles : [],
      inheritedReadRoles: secret.ownerId === undefined ? folderRoles(secret, roles) : [],
      inheritedWriteRoles: secret.ownerId === undefined ? folderRoles(secret, [...roles].reverse()) : [],
    })),
  );

const searches = fc.record({
  filter: fc.constantFrom('', 'shared', 'personal', 'readable', 'writable', 'accessible'),
  ownerIds: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(OWNERS) },
  ),
  words: fc.array(segment, { maxLength: 2 }),
  tags: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: someOf(['x', 'y']) }),
  schema: fc.option(fc.constantFrom('text', 'unheard-of'), { nil: undefined, freq: 1 }),
  folder: fc.option(name, { nil: undefined, freq: 1 }),
  expiresWithinDays: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 1 }),
  sortKey: fc.constantFrom('name', 'created', 'updated'),
  descending: fc.boolean(),
  limit: fc.integer({ min: 1, max: 9 }),
  counted: fc.boolean(),
}) as fc.Arbitrary<Omit<SecretSearch, 'offset'>>;

const callers = fc
  .record({ id: fc.constantFrom(...OWNERS, 'cid'), roles: someOf(ROLES), manages: fc.boolean() })
  .map(({ id, roles, manages }) => caller(id, roles, manages));

test('finds for every caller what a plain filter finds, on whatever way, and no page leaks or thins out', async () => {
  await fc.assert(
    fc.asyncProperty(
      vaults,
      fc.array(fc.tuple(callers, searches), { minLength: 4, maxLength: 4 }),
      fc.record({
        candidates: fc.constantFrom(1, 4, 12, 100),
        glance: fc.constantFrom(1, 3),
        stride: fc.integer({ min: 1, max: 5 }),
      }),
      async (secrets, asked, bounds) => {
        await empty();
        await store(secrets);
        const find = openSearch(bounds);
        for (const [who, search] of asked) {
          const expected = naive(secrets, who, { ...search, offset: 0 });
          const { names, counts } = await pageThrough(find, who, search);
          expect(names).toEqual(expected);
          expect(counts.at(-1)).toBe(expected.length);
          // The second time by marks, from a place in the middle, and beyond the end.
          const offset = Math.floor(expected.length / 2);
          const middle = await find(who, { ...search, offset });
          expect(middle.secrets.map(({ id }) => id)).toEqual(expected.slice(offset, offset + search.limit));
          expect((await find(who, { ...search, offset: expected.length + 7 })).secrets).toEqual([]);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

const plain = (index: number, more: Partial<Stored> = {}): Stored => ({
  id: randomUUID(),
  name: `name-${String(index).padStart(3, '0')}`,
  ownerId: undefined,
  tags: [],
  schema: undefined,
  readRoles: [ROLES[0]!],
  writeRoles: [],
  inheritedReadRoles: [],
  inheritedWriteRoles: [],
  expiresAt: undefined,
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});
const reader = caller('cid', [ROLES[0]!], false);
const namesOf = ({ secrets }: { secrets: readonly Secret[] }) => secrets.map(secret => secret.name);

describe('the count', () => {
  const bounds = { candidates: 10, glance: 10, stride: 5 };
  const list = { filter: 'shared', counted: true, limit: 4 } as const;

  test('is exact up to the bound, beyond it a lower bound that pages by which to go on, and in a list exact', async () => {
    await store(Array.from({ length: 10 }, (_, index) => plain(index)));
    expect((await openSearch(bounds)(reader, { words: ['name'], limit: 4 })).count).toBe(10);
    await store(Array.from({ length: 20 }, (_, index) => plain(index + 10)));
    const find = openSearch(bounds);
    const { counts } = await pageThrough(find, reader, { words: ['name'], limit: 4 });
    expect(counts).toEqual([11, 11, 13, 17, 21, 25, 29, 30]);
    expect((await find(reader, list)).count).toBe(30);
    expect((await find(reader, { ...list, offset: 28 })).count).toBe(30);
    expect(await find(reader, { ...list, offset: 400 })).toEqual({ count: 30, secrets: [] });
  });

  test('of a far place holds for its time, and never longer', async () => {
    await store(Array.from({ length: 30 }, (_, index) => plain(index)));
    const find = openSearch(bounds);
    expect((await find(reader, list)).count).toBe(30);
    await store(Array.from({ length: 5 }, (_, index) => plain(index + 30)));
    now = new Date(NOW.getTime() + SEARCH_BOUNDS.lastMs - 1);
    expect((await find(reader, list)).count).toBe(30);
    // What the page shows counts more.
    expect(await find(reader, { ...list, offset: 28 })).toMatchObject({ count: 33 });
    now = new Date(NOW.getTime() + SEARCH_BOUNDS.lastMs);
    expect((await find(reader, list)).count).toBe(35);
  });
});

describe('paging while others write', () => {
  const bounds = { candidates: 10, glance: 10, stride: 5 };

  test('neither repeats nor leaves out what was there all the time, from the start to the end', async () => {
    await store(Array.from({ length: 40 }, (_, index) => plain(index * 2)));
    const find = openSearch(bounds);
    const list = { filter: 'shared', counted: true, limit: 4 } as const;
    // Somebody was at the end before, so there are marks.
    expect(namesOf(await find(reader, { ...list, offset: 36 }))).toHaveLength(4);
    await store([plain(1), plain(3), plain(5)]);
    await vault.superuser.query(`DELETE FROM secrets WHERE name IN ('name-040', 'name-042')`);
    const seen: string[] = [];
    for (let offset = 0, count = 1; offset < count; offset += 4) {
      const page = await find(reader, { ...list, offset });
      seen.push(...namesOf(page));
      count = page.count;
      if (offset === 8) {
        await store([plain(7), plain(51)]);
        await vault.superuser.query(`DELETE FROM secrets WHERE name IN ('name-000', 'name-060')`);
      }
    }
    const gone = new Set(['name-040', 'name-042', 'name-060']);
    const all = Array.from({ length: 40 }, (_, index) => plain(index * 2).name).filter(
      text => !gone.has(text),
    );
    expect(seen).toEqual([...all, 'name-001', 'name-003', 'name-005', 'name-051'].sort());
  });

  test('shows a new secret at the start at once, and one that was deleted no more', async () => {
    await store(Array.from({ length: 30 }, (_, index) => plain(index)));
    const find = openSearch(bounds);
    const list = { filter: 'shared', counted: true, limit: 3 } as const;
    await find(reader, list);
    await store([plain(0, { name: 'a new one' })]);
    await vault.superuser.query(`DELETE FROM secrets WHERE name = 'name-000'`);
    expect(namesOf(await find(reader, list))).toEqual(['a new one', 'name-001', 'name-002']);
  });

  test('a right that is taken away counts on the next page', async () => {
    await store(Array.from({ length: 30 }, (_, index) => plain(index)));
    const find = openSearch(bounds);
    const list = { filter: 'shared', counted: true, limit: 5 } as const;
    await find(reader, list);
    await vault.superuser.query(`UPDATE secrets SET read_roles = '{}'`);
    expect(await find(reader, { ...list, offset: 5 })).toEqual({ count: 5, secrets: [] });
    expect(await find(reader, { ...list, offset: 20 })).toMatchObject({ secrets: [] });
  });
});

test("nobody's pages begin where another's end, who may know of others", async () => {
  const secrets = Array.from({ length: 60 }, (_, index) => plain(index, { readRoles: [ROLES[index % 3]!] }));
  await store(secrets);
  const find = openSearch({ candidates: 10, stride: 5 });
  const list = { filter: 'shared', counted: true, limit: 5 } as const;
  for (const who of [caller('m', [], true), ...ROLES.slice(0, 3).map(role => caller('cid', [role], false))]) {
    const expected = naive(secrets, who, { ...EVERYTHING, ...list });
    const middle = await find(who, { ...list, offset: 10 });
    expect(middle.secrets.map(({ id }) => id)).toEqual(expected.slice(10, 15));
    expect((await pageThrough(find, who, list)).names).toEqual(expected);
  }
});

test('searches through everything wait for each other, and too many are refused', async () => {
  await store(Array.from({ length: 30 }, (_, index) => plain(index)));
  const find = openSearch({ candidates: 10, waiting: 2 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () => find(reader, { sortKey: 'updated', limit: 5 })),
  );
  const refused = outcomes.filter(outcome => outcome.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(8);
  for (const { reason } of refused) expect(reason).toMatchObject({ kind: 'unavailable', code: 'MAX_LOAD' });
  expect(await find(reader, { sortKey: 'updated', limit: 5 })).toMatchObject({ count: 11 });
});
