import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { caller, createFolder, createShared, secretsOf } from './secrets-safe.ts';
import { FOLDERS, pathOf, startTestVault, uniqueName, versioned, type TestVault } from './support.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
afterAll(() => vault.stop());

const query = (asked: Record<string, string>) => `/secrets?${String(new URLSearchParams(asked))}`;
const titles = (answer: Parameters<typeof secretsOf>[0]) => secretsOf(answer).map(({ Title }) => Title);

describe('lists of secrets', () => {
  test('by path and title, as Go and Python ask, with the value that they take', async () => {
    const safe = uniqueName('Safe');
    await createShared(vault, `${safe}/A b/T 1`, { data: { user: 'u', pass: 'p1' } });
    await createShared(vault, `${safe}/A b/T 2`, { schema: 'text', data: { text: 'p2' } });
    await createShared(vault, `${safe}/A b/deep/T 1`, { data: { pass: 'p3' } });
    const asked = { path: `${safe}/A b`, title: 'T 1', separator: '/', decrypt: 'true', version: '3.1' };
    const [found, ...others] = secretsOf(await call('GET', query(asked)));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ Title: 'T 1', Password: 'p1', SecretType: 'Credential' });
    const back = { Path: `${safe}\\A b`, Separator: '\\', Title: 'T 2' };
    expect(secretsOf(await call('GET', query(back)))).toMatchObject([{ Password: 'p2', SecretType: 'Text' }]);
    expect(titles(await call('GET', query({ path: `${safe}/A b` })))).toEqual(['T 1', 'T 2']);
    expect(titles(await call('GET', query({ path: `${safe.toLowerCase()}/a B` })))).toEqual(['T 1', 'T 2']);
    expect(await call('GET', query({ path: 'T 1', title: 'T 1' }))).toMatchObject({
      status: 200,
      text: '[]',
    });
    expect((await call('GET', query({ ...back, Separator: '|' }))).text).toBe('[]');
    expect((await call('GET', query({ path: `${safe}/A b`, title: 't 1' }))).text).toBe('[]');
  });

  test('a folder whose path differs by case alone stands behind the very one', async () => {
    const name = uniqueName('case');
    await createShared(vault, `${name.toUpperCase()}/upper`);
    await createShared(vault, `${name}/lower`);
    expect(titles(await call('GET', query({ path: name })))).toEqual(['lower']);
    expect(titles(await call('GET', query({ path: name.toUpperCase() })))).toEqual(['upper']);
  });

  test('by title alone, by folder, and wrapped in version 3.2', async () => {
    const title = uniqueName('by title');
    const folder = await createFolder(vault, uniqueName('one'));
    await createShared(vault, `${folder.path}/${title}`);
    await createShared(vault, `${uniqueName('two')}/${title}`);
    await createShared(vault, `${folder.path}/${title} 2`);
    expect(titles(await call('GET', `/secrets?title=${encodeURIComponent(title)}&decrypt=true`))).toEqual([
      title,
      title,
    ]);
    expect(titles(await call('GET', query({ folderId: folder.id })))).toEqual([title, `${title} 2`]);
    const { body } = await call('GET', query({ folderId: folder.id, limit: '1', version: '3.2' }));
    expect(body).toEqual({ TotalCount: 2, Data: [expect.objectContaining({ Title: title })] });
    const rest = await call('GET', query({ folderId: folder.id, limit: '1', offset: '1', version: '3.0' }));
    expect(titles(rest)).toEqual([`${title} 2`]);
    expect((await call('GET', query({ title: 'nowhere', version: '3.2' }))).body).toEqual({
      TotalCount: 0,
      Data: [],
    });
  });

  test.each([
    '50%_off "x"',
    "o'neil; --",
    'two  blanks',
    '*',
    '{"a": 1}',
    'T#?&=+',
    '😀 Straße',
    'é x'.normalize('NFD'),
  ])('by the title %s, whatever stands in it', async Title => {
    const folder = await createFolder(vault, uniqueName('titles'));
    const body = { Title, Text: 'found' };
    expect((await call('POST', `/folders/${folder.id}/secrets/text`, { body })).status).toBe(201);
    const found = secretsOf(await call('GET', query({ path: folder.path, title: Title })));
    expect(found).toMatchObject([{ Title: Title.normalize('NFC'), Password: 'found' }]);
  });

  test('by the date of the last change', async () => {
    const folder = await createFolder(vault, uniqueName('dated'));
    await createShared(vault, `${folder.path}/a`);
    const past = { folderId: folder.id, afterDate: '2001-01-01T00:00:00Z' };
    expect(titles(await call('GET', query(past)))).toEqual(['a']);
    const later = { folderId: folder.id, afterDate: '2201-01-01T00:00:00Z' };
    expect(titles(await call('GET', query(later)))).toEqual([]);
    expect((await call('GET', query({ afterDate: 'canary' }))).status).toBe(400);
  });

  test('hold what the caller may read; without values, what he may know of', async () => {
    const folder = await createFolder(vault, uniqueName('rights'));
    await createShared(vault, `${folder.path}/a`, { data: { pass: 'canary-1' } });
    const writer = vault.addRole(uniqueName('writer'));
    await vault.call('PUT', `${FOLDERS}/${folder.id}`, { body: { write_roles: [vault.role, writer] } });
    const as = await vault.issuer.bearer({ roles: [writer.id] });
    const stranger = await vault.issuer.bearer();
    const asked = { folderId: folder.id };
    expect(titles(await call('GET', query(asked), { as }))).toEqual([]);
    const known = await call('GET', query({ ...asked, decrypt: 'false' }), { as });
    expect(secretsOf(known)).toMatchObject([{ Title: 'a', Password: '' }]);
    const read = await call('GET', query({ ...asked, decrypt: 'False' }));
    expect(secretsOf(read)).toMatchObject([{ Title: 'a', Password: '' }]);
    expect(titles(await call('GET', query({ ...asked, decrypt: 'false' }), { as: stranger }))).toEqual([]);
    expect(known.text + read.text).not.toContain('canary');
    const inFolder = await call('GET', `/folders/${folder.id}/secrets`);
    expect(secretsOf(inFolder)).toMatchObject([{ Title: 'a', Password: '' }]);
    expect((await call('GET', `/folders/${folder.id}/secrets`, { as: stranger })).status).toBe(404);
  });

  test('leave out what reads as absent', async () => {
    const folder = await createFolder(vault, uniqueName('gone'));
    await createShared(vault, `${folder.path}/a`);
    const name = `${folder.path}/b`;
    await createShared(vault, name);
    await vault.call('DELETE', versioned('data', name));
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
    expect(titles(await call('GET', query({ folderId: folder.id })))).toEqual(['a']);
  });

  test.each(['limit=0', 'limit=1001', 'offset=-1', 'separator=//', 'folderId=canary'])(
    '%s is 400',
    async asked => {
      const { status, body } = await call('GET', `/secrets?${asked}`);
      expect([status, body]).toEqual([400, { error: expect.any(String) }]);
    },
  );

  test('1,000 secrets are one page and as many statements as one is, each read on the record', async () => {
    const folder = await createFolder(vault, uniqueName('many'));
    const names = Array.from(
      { length: 1_000 },
      (_, index) => `${folder.path}/${String(index).padStart(4, '0')}`,
    );
    for (let start = 0; start < names.length; start += 50) {
      const some = names.slice(start, start + 50);
      await Promise.all(some.map(name => createShared(vault, name, { data: { pass: name } })));
    }
    const spied = jest.spyOn(pg.Client.prototype, 'query');
    const last = randomUUID();
    const statements = async (limit: number, id = randomUUID()) => {
      spied.mockClear();
      const answer = await call('GET', query({ folderId: folder.id, limit: String(limit) }), {
        headers: { 'x-request-id': id },
      });
      const texts = spied.mock.calls.map(([asked]) => JSON.stringify(asked));
      expect(secretsOf(answer).map(({ Password }) => Password)).toEqual(names.slice(0, limit));
      return texts.filter(text => /\b(secrets|secret_versions|folders|events|outbox)\b/.test(text)).length;
    };
    await statements(1);
    const [few, many] = [await statements(1), await statements(1_000, last)];
    spied.mockRestore();
    expect(few).toBeGreaterThan(1);
    // The relay of events looks for new ones by itself.
    expect(many).toBeLessThanOrEqual(few + 10);
    const reads = (await vault.trail()).filter(
      ({ code, message }) => code === AUDIT_EVENTS.secretRead.code && message['requestID'] === last,
    );
    expect(reads).toHaveLength(1_000);
  }, 120_000);
});
