import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { passwordHashingBusy } from '@strongroom/crypto/crypto-errors';
import { authenticatePerson } from '../src/operations/authenticate-person.ts';
import { pruneExpired } from '../src/operations/prune-expired.ts';
import { admitSignIn, recordSignInSuccess } from '../src/operations/sign-in-throttle.ts';
import { countingDatabase, makePerson, openContext, type TestContext } from './people.ts';
import { startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const PASSWORD = 'Kumquat-Orchard-9';
const WRONG = 'Kumquat-Orchard-8';

let now = new Date('2026-06-01T08:00:00Z');
let auth: TestAuth;
let ctx: TestContext;
let addresses = 0;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  ctx = await openContext(auth, () => now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});
beforeEach(() => auth.superuser.query('DELETE FROM sign_in_failures'));

const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1_000);
};
const from = (remoteAddress: string): RequestInfo => ({ id: 'request', remoteAddress, userAgent: '' });
const freshAddress = () => `198.51.100.${(addresses += 1) % 250}`;

const codeOf = (error: unknown) => (error as { code: string }).code;

/** `in`, or the code of the refusal. */
const signIn = (username: string, password: string, address = '192.0.2.1') =>
  authenticatePerson(ctx, from(address), username, password).then(() => 'in', codeOf);

async function person(body: Record<string, unknown> = {}): Promise<{ id: string; username: string }> {
  const username = uniqueName('Person');
  return { id: await makePerson(auth, { username, password: { password: PASSWORD }, ...body }), username };
}

describe('by name and password', () => {
  test('the right person signs in, by any spelling of the name', async () => {
    const { id, username } = await person();
    for (const spelling of [
      username,
      username.toUpperCase(),
      ` ${username} `,
      username.replace('P', '\uff30'),
    ]) {
      await expect(authenticatePerson(ctx, from('192.0.2.1'), spelling, PASSWORD)).resolves.toMatchObject({
        id,
      });
    }
    expect(await signIn(username, PASSWORD.toLowerCase())).toBe('INVALID_GRANT');
    expect(await signIn(username, '')).toBe('INVALID_GRANT');
  });

  test('unknown, disabled and without a password are told and done alike: one comparison, one error', async () => {
    const [known, disabled, without] = [
      await person(),
      await person({ disabled: true }),
      await person({ password: {} }),
    ];
    const told = new Set<string>();
    for (const [username, password] of [
      [known.username, WRONG],
      [disabled.username, PASSWORD],
      [without.username, ''],
      [uniqueName('nobody'), PASSWORD],
      ['', ''],
    ] as const) {
      const before = ctx.passwords.comparisons();
      const error: unknown = await authenticatePerson(ctx, from('192.0.2.1'), username, password).catch(
        (thrown: unknown) => thrown,
      );
      expect(ctx.passwords.comparisons() - before).toBe(1);
      const { kind, code, message } = error as Record<'kind' | 'code' | 'message', string>;
      told.add(JSON.stringify([kind, code, message]));
    }
    expect([...told]).toEqual([
      JSON.stringify(['invalid', 'INVALID_GRANT', 'The user name or the password is wrong']),
    ]);
  });

  test('ask as much of the database, known or not; what the time is, the benchmark tells', async () => {
    const { username } = await person();
    const statementsOf = async (name: string) => {
      const db = countingDatabase(ctx.db);
      const refused = authenticatePerson({ ...ctx, db }, from(freshAddress()), name, WRONG);
      expect(await refused.then(() => 'in', codeOf)).toBe('INVALID_GRANT');
      return db.statements();
    };
    const known = await statementsOf(username);
    expect(known).toBeGreaterThan(0);
    expect(await statementsOf(uniqueName('nobody'))).toBe(known);
  });

  test('a refusal is on the trail, without what was typed as the name of nobody', async () => {
    const { id, username } = await person();
    const slipped = uniqueName('password-in-the-wrong-field');
    await signIn(username.toUpperCase(), WRONG);
    for (let i = 0; i < 6; i += 1) await signIn(slipped, WRONG);
    const records = await auth.trail();
    const failed = records.filter(record => record.name === 'User-login-failed');
    expect(failed.filter(record => record.message['userID'] === id)).toMatchObject([
      { message: { username } },
    ]);
    expect(records.map(record => record.name)).toContain('Rate-limit-exceeded');
    const events = JSON.stringify(records);
    expect(events).not.toContain(slipped);
    expect(events).not.toContain(WRONG);
  });
});

describe('guesses', () => {
  test('five at one address, then one a minute, also with the right password; known and unknown alike', async () => {
    const { username } = await person();
    for (const name of [username, uniqueName('nobody')]) {
      const outcomes = [];
      for (let i = 0; i < 5; i += 1) outcomes.push(await signIn(name, WRONG));
      outcomes.push(await signIn(name, PASSWORD));
      expect(outcomes).toEqual([...Array<string>(5).fill('INVALID_GRANT'), 'MAX_LOAD']);
    }
    pass(59);
    expect(await signIn(username, PASSWORD)).toBe('MAX_LOAD');
    await expect(authenticatePerson(ctx, from('192.0.2.1'), username, PASSWORD)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterSeconds: 1,
    });
    pass(1);
    expect(await signIn(username, WRONG)).toBe('INVALID_GRANT');
    expect(await signIn(username, WRONG)).toBe('MAX_LOAD');
    pass(60);
    expect(await signIn(username, PASSWORD)).toBe('in');
    // Success clears the counter.
    for (let i = 0; i < 5; i += 1) expect(await signIn(username, WRONG)).toBe('INVALID_GRANT');
  });

  test('no spelling of name or address gets more', async () => {
    const { username } = await person();
    const spellings = [
      username,
      username.toUpperCase(),
      ` ${username}`,
      `${username}\u200b`,
      username.replace('P', '\uff30'),
    ];
    for (const spelling of spellings) expect(await signIn(spelling, WRONG)).toBe('INVALID_GRANT');
    expect(await signIn(username, WRONG)).toBe('MAX_LOAD');
    expect(await signIn(username, WRONG, '::ffff:192.0.2.1')).toBe('MAX_LOAD');
    // Another address is another matter; one /64 is one address.
    for (let i = 1; i <= 5; i += 1)
      expect(await signIn(username, WRONG, `2001:db8::${i}`)).toBe('INVALID_GRANT');
    expect(await signIn(username, WRONG, '2001:db8::ffff:1')).toBe('MAX_LOAD');
    expect(await signIn(username, WRONG, '2001:db8:0:1::1')).toBe('INVALID_GRANT');
  });

  test('from many addresses are slowed down, and the address of many names too', async () => {
    const { username } = await person();
    for (let i = 1; i <= 30; i += 1) await admitSignIn(ctx, 'somebody', `203.0.113.${i}`);
    await expect(admitSignIn(ctx, 'somebody', '203.0.113.99')).rejects.toMatchObject({
      retryAfterSeconds: 15,
    });
    await expect(admitSignIn(ctx, 'mfa:somebody', '203.0.113.99')).resolves.toBeUndefined();
    for (let i = 1; i <= 300; i += 1) await admitSignIn(ctx, `name ${i}`, '203.0.113.200');
    expect(await signIn(username, PASSWORD, '203.0.113.200')).toBe('MAX_LOAD');
    expect(await signIn(username, PASSWORD, '203.0.113.201')).toBe('in');
  });

  test('of which a success takes back its own only: the address keeps the failures of others', async () => {
    const failures = async () => {
      const [row] = await auth.superuser.query<{ most: number }>(
        'SELECT max(failures) AS most FROM sign_in_failures',
      );
      return row?.most;
    };
    const { username } = await person();
    for (let i = 0; i < 4; i += 1) await signIn(uniqueName('nobody'), WRONG);
    await signIn(username, WRONG);
    expect(await failures()).toBe(5);
    expect(await signIn(username, PASSWORD)).toBe('in');
    expect(await failures()).toBe(5);
  });

  test('a hundred at once get no further than one after the other, on however many replicas', async () => {
    const { username } = await person();
    const other = await openContext(auth, () => now);
    try {
      const before = ctx.passwords.comparisons();
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          authenticatePerson(i % 2 === 0 ? ctx : other, from('192.0.2.1'), username, WRONG).catch(codeOf),
        ),
      );
      expect(outcomes.filter(outcome => outcome === 'INVALID_GRANT')).toHaveLength(5);
      expect(outcomes.filter(outcome => outcome === 'MAX_LOAD')).toHaveLength(95);
      expect(ctx.passwords.comparisons() - before + other.passwords.comparisons()).toBe(5);
    } finally {
      await other.close();
    }
  });

  test('that found no thread to be compared in were none', async () => {
    const { username } = await person();
    const verify = () => Promise.reject(passwordHashingBusy());
    const busy = { ...ctx, passwords: { ...ctx.passwords, verify } };
    for (let i = 0; i < 6; i += 1) {
      await expect(authenticatePerson(busy, from('192.0.2.1'), username, PASSWORD)).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'MAX_LOAD',
      });
    }
    expect(await signIn(username, PASSWORD)).toBe('in');
  });

  test('leave neither names nor addresses in the table, and old rows go', async () => {
    const { username } = await person();
    await signIn(username, WRONG, '192.0.2.77');
    const [row] = await auth.superuser.query<{ dump: string }>(
      `SELECT string_agg(f::text, ' ') AS dump FROM sign_in_failures f`,
    );
    expect(row?.dump).not.toContain(username);
    expect(row?.dump).not.toContain(Buffer.from(username.toLowerCase()).toString('hex'));
    expect(row?.dump).not.toContain('192.0.2.77');
    const before = now;
    pass(86_401);
    await admitSignIn(ctx, 'later', '192.0.2.78');
    await pruneExpired(ctx);
    expect(await auth.superuser.query('SELECT FROM sign_in_failures')).toHaveLength(3);
    await recordSignInSuccess(ctx, 'later', '192.0.2.78');
    expect(await auth.superuser.query('SELECT FROM sign_in_failures WHERE failures > 0')).toEqual([]);
    // The token that the tests call with lives half an hour.
    now = before;
  });
});

test('a new password is the one that counts', async () => {
  const { id, username } = await person();
  await auth.call('PUT', `${USERS}/${id}/password`, { body: { password: 'R0tatePaSS-456' } });
  expect(await signIn(username, PASSWORD)).toBe('INVALID_GRANT');
  expect(await signIn(username, 'R0tatePaSS-456')).toBe('in');
});
