import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';
import { checkRecoveryCode, checkTotp, secondFactorsOf } from '../src/operations/second-factor.ts';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import { openPeople, type People, type Person } from './person.ts';
import { startTestAuth, type TestAuth } from './support.ts';

const MFA = '/auth/api/v1/mfa';

let now = new Date('2026-05-01T08:00:10.000Z');
let auth: TestAuth;
let people: People;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  people = await openPeople(auth, () => now);
});
afterAll(() => auth.stop());

const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1_000);
};
const codeOf = (seed: string, secondsAhead = 0) =>
  generateSync({ secret: seed, epoch: Math.floor(now.getTime() / 1_000) + secondsAhead });

/** A person with an app, and all that it was given. */
async function withTotp(): Promise<{ person: Person; seed: string; recoveryCodes: readonly string[] }> {
  const person = await people.create();
  const { seed } = await startTotp(people.ctx, person);
  const recoveryCodes = await confirmTotp(people.ctx, person.id, codeOf(seed));
  // The code that confirmed the app is spent.
  pass(30);
  return { person, seed, recoveryCodes: recoveryCodes! };
}

const accepted = (answers: readonly boolean[]) => answers.filter(answer => answer).length;

describe('an authenticator app', () => {
  test('counts from its first code on', async () => {
    const person = await people.create();
    const setup = await startTotp(people.ctx, person);
    expect(setup.qrCode).toMatch(/^data:image\/png;base64,/);
    expect(setup.uri).toContain(setup.seed);
    expect(await checkTotp(people.ctx, person.id, codeOf(setup.seed))).toBe(false);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual([]);
    expect(await confirmTotp(people.ctx, person.id, '000000')).toBeUndefined();
    expect(await confirmTotp(people.ctx, person.id, codeOf(setup.seed))).toHaveLength(10);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual(['totp', 'recovery_code']);
    expect(await confirmTotp(people.ctx, person.id, codeOf(setup.seed, 30))).toBeUndefined();
    await expect(startTotp(people.ctx, person)).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('begun anew forgets the seed before', async () => {
    const person = await people.create();
    const first = await startTotp(people.ctx, person);
    const second = await startTotp(people.ctx, person);
    expect(await confirmTotp(people.ctx, person.id, codeOf(first.seed))).toBeUndefined();
    expect(await confirmTotp(people.ctx, person.id, codeOf(second.seed))).toHaveLength(10);
  });

  test('confirmed twice at once is confirmed once', async () => {
    const person = await people.create();
    const { seed } = await startTotp(people.ctx, person);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => confirmTotp(people.ctx, person.id, codeOf(seed))),
    );
    expect(answers.filter(codes => codes !== undefined)).toHaveLength(1);
  });

  test('its code works once, whatever it is dressed in', async () => {
    const { person, seed } = await withTotp();
    const code = codeOf(seed);
    expect(await checkTotp(people.ctx, person.id, ` ${code.slice(0, 3)} ${code.slice(3)}`)).toBe(true);
    const wide = code.replace(/[0-9]/g, digit => String.fromCodePoint(0xff10 + Number(digit)));
    for (const dress of [
      code,
      ` ${code}`,
      `${code} `,
      code.split('').join('\u00a0'),
      `${code}\u200b`,
      wide,
    ]) {
      expect([dress, await checkTotp(people.ctx, person.id, dress)]).toEqual([dress, false]);
    }
    pass(30);
    expect(await checkTotp(people.ctx, person.id, codeOf(seed))).toBe(true);
  });

  test('of 100 uses of one code at once, one succeeds', async () => {
    const { person, seed } = await withTotp();
    const code = codeOf(seed);
    const uses = Array.from({ length: 100 }, (_, index) =>
      checkTotp(people.ctx, person.id, `${' '.repeat(index % 7)}${code}`),
    );
    expect(accepted(await Promise.all(uses))).toBe(1);
  });

  test('a code of an earlier step is void once a later one was used', async () => {
    const { person, seed } = await withTotp();
    pass(30);
    const [before, present, after] = [codeOf(seed, -30), codeOf(seed), codeOf(seed, 30)];
    expect(await checkTotp(people.ctx, person.id, after)).toBe(true);
    expect(await checkTotp(people.ctx, person.id, present)).toBe(false);
    expect(await checkTotp(people.ctx, person.id, before)).toBe(false);
  });

  test('two steps away is refused', async () => {
    const { person, seed } = await withTotp();
    pass(60);
    expect(await checkTotp(people.ctx, person.id, codeOf(seed, -60))).toBe(false);
    expect(await checkTotp(people.ctx, person.id, codeOf(seed, 60))).toBe(false);
    expect(await checkTotp(people.ctx, person.id, codeOf(seed, -30))).toBe(true);
  });

  test('opens for nobody else', async () => {
    const [one, two] = [await withTotp(), await withTotp()];
    expect(await checkTotp(people.ctx, two.person.id, codeOf(one.seed))).toBe(false);
    await auth.superuser.query(
      'UPDATE users SET sealed_totp_seed = (SELECT sealed_totp_seed FROM users WHERE id = $1) WHERE id = $2',
      [one.person.id, two.person.id],
    );
    await expect(checkTotp(people.ctx, two.person.id, codeOf(one.seed))).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
  });
});

describe('recovery codes', () => {
  test('work once each, as they are typed', async () => {
    const { person, recoveryCodes } = await withTotp();
    expect(new Set(recoveryCodes).size).toBe(10);
    const [first = '', second = ''] = recoveryCodes;
    expect(
      await checkRecoveryCode(people.ctx, person.id, `  ${first.toUpperCase().replaceAll('-', ' ')}`),
    ).toBe(true);
    expect(await checkRecoveryCode(people.ctx, person.id, first)).toBe(false);
    expect(await checkRecoveryCode(people.ctx, person.id, first.replaceAll('-', ''))).toBe(false);
    const uses = Array.from({ length: 100 }, () => checkRecoveryCode(people.ctx, person.id, second));
    expect(accepted(await Promise.all(uses))).toBe(1);
  });

  test('are of one person, and no other text is one', async () => {
    const [one, two] = [await withTotp(), await withTotp()];
    expect(await checkRecoveryCode(people.ctx, two.person.id, one.recoveryCodes[0]!)).toBe(false);
    for (const text of ['', '0', 'x'.repeat(10_000), '00000-00000-00000-00000']) {
      expect(await checkRecoveryCode(people.ctx, one.person.id, text)).toBe(false);
    }
    expect(await checkRecoveryCode(people.ctx, one.person.id, one.recoveryCodes[0]!)).toBe(true);
  });

  test('made anew void the former ones', async () => {
    const { person, recoveryCodes } = await withTotp();
    const { status, body, headers } = await auth.call('POST', `${MFA}/recovery-codes`, {
      as: await person.bearer(),
    });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await checkRecoveryCode(people.ctx, person.id, recoveryCodes[0]!)).toBe(false);
    const renewed = body['recovery_codes'] as string[];
    expect(renewed).toHaveLength(10);
    expect(await checkRecoveryCode(people.ctx, person.id, renewed[9]!)).toBe(true);
  });

  test('are no factor by themselves', async () => {
    const { person, recoveryCodes } = await withTotp();
    const as = await person.bearer();
    expect((await auth.call('DELETE', `${MFA}/totp`, { as })).status).toBe(200);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual([]);
    expect(await checkRecoveryCode(people.ctx, person.id, recoveryCodes[0]!)).toBe(false);
    const renewed = await auth.call('POST', `${MFA}/recovery-codes`, { as });
    expect([renewed.status, renewed.body['error_code']]).toEqual([409, 'SECOND_FACTOR_MISSING']);
  });
});

describe('self-service', () => {
  test('from nothing to an app and back, on the record', async () => {
    const person = await people.create();
    const as = await person.bearer();
    const state = async () => (await auth.call('GET', MFA, { as })).body;
    const nothing = { required: false, totp: false, webauthn_credentials: 0, recovery_codes: 0 };
    expect(await state()).toEqual({ ...nothing, webauthn_available: true });

    const started = await auth.call('POST', `${MFA}/totp`, { as });
    expect([started.status, started.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const seed = String(started.body['seed_string']);
    expect(started.body).toEqual({
      seed_string: expect.stringMatching(/^[A-Z2-7]{32}$/),
      otpauth_uri: expect.stringMatching(/^otpauth:\/\/totp\//),
      seed_qr_code: expect.stringMatching(/^data:image\/png;base64,/),
    });
    expect(await state()).toEqual({ ...nothing, webauthn_available: true });

    const wrong = await auth.call('POST', `${MFA}/totp/confirm`, { as, body: { code: 'x' } });
    expect([wrong.status, wrong.body['property']]).toEqual([400, 'code']);
    const confirmed = await auth.call('POST', `${MFA}/totp/confirm`, { as, body: { code: codeOf(seed) } });
    expect(confirmed.status).toBe(200);
    expect(confirmed.body['recovery_codes']).toHaveLength(10);
    expect(await state()).toMatchObject({ totp: true, recovery_codes: 10 });
    expect((await auth.call('POST', `${MFA}/totp`, { as })).status).toBe(409);

    expect((await auth.call('DELETE', `${MFA}/totp`, { as })).status).toBe(200);
    expect((await auth.call('DELETE', `${MFA}/totp`, { as })).status).toBe(404);
    expect(await state()).toEqual({ ...nothing, webauthn_available: true });

    const changes = (await auth.trail()).filter(record => record.message['targetUserID'] === person.id);
    expect(changes.map(({ name, message }) => [name, message['userID'], message['change']])).toEqual([
      ['MFA-changed', person.id, 'authenticator app shown'],
      ['MFA-changed', person.id, 'authenticator app added'],
      ['MFA-changed', person.id, 'authenticator app removed'],
    ]);
  });

  test('is for people who signed in lately', async () => {
    const person = await people.create();
    const calls: [string, string, unknown?][] = [
      ['POST', `${MFA}/totp`],
      ['POST', `${MFA}/totp/confirm`, { code: '123456' }],
      ['DELETE', `${MFA}/totp`],
      ['POST', `${MFA}/recovery-codes`],
      ['POST', `${MFA}/webauthn/options`],
      [
        'POST',
        `${MFA}/webauthn`,
        {
          name: 'key',
          response: {
            id: 'x',
            rawId: 'x',
            type: 'public-key',
            response: { clientDataJSON: '', attestationObject: '' },
          },
        },
      ],
    ];
    const [stale, fresh] = [await person.bearer(901), await person.bearer(900)];
    for (const [method, path, body] of calls) {
      const codeAs = async (as?: string) => {
        const answer = await auth.call(method, path, { ...(as === undefined ? {} : { as }), body });
        return [answer.status, answer.body['error_code']];
      };
      expect([path, ...(await codeAs(stale))]).toEqual([path, 403, 'STEP_UP_REQUIRED']);
      expect([path, ...(await codeAs())]).toEqual([path, 403, 'PERMISSION_DENIED']);
      expect((await codeAs(fresh))[0]).not.toBe(403);
    }
    expect((await auth.call('GET', MFA, { as: stale })).status).toBe(200);
    expect((await auth.call('GET', MFA)).status).toBe(403);
  });

  test('of somebody who is gone meanwhile', async () => {
    const person = await people.create();
    const as = await person.bearer();
    await auth.superuser.query('DELETE FROM users WHERE id = $1', [person.id]);
    for (const [method, path] of [
      ['GET', MFA],
      ['POST', `${MFA}/totp`],
      ['DELETE', `${MFA}/totp`],
      ['POST', `${MFA}/recovery-codes`],
      ['POST', `${MFA}/webauthn/options`],
    ] as const) {
      expect([path, (await auth.call(method, path, { as })).status]).toEqual([path, 404]);
    }
  });

  test('changes nothing while no record can be written', async () => {
    const { person } = await withTotp();
    const as = await person.bearer();
    const other = await (await people.create()).bearer();
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const answers = [
      await auth.call('DELETE', `${MFA}/totp`, { as }),
      await auth.call('POST', `${MFA}/recovery-codes`, { as }),
      await auth.call('POST', `${MFA}/totp`, { as: other }),
    ];
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    for (const { status, body } of answers) {
      expect([status, body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    }
    expect((await auth.call('GET', MFA, { as })).body).toMatchObject({ totp: true, recovery_codes: 10 });
    expect((await auth.call('DELETE', `${MFA}/totp`, { as: other })).status).toBe(404);
  });

  test('neither seed nor recovery code is in a table or an event', async () => {
    const { person, seed, recoveryCodes } = await withTotp();
    await auth.trail();
    const rows = await auth.superuser.query<{ row: string }>(
      `SELECT u::text AS row FROM users u WHERE id = $1
       UNION ALL SELECT c::text FROM recovery_codes c WHERE user_id = $1
       UNION ALL SELECT o::text FROM outbox o`,
      [person.id],
    );
    const text = rows.map(({ row }) => row).join('\n') + JSON.stringify(auth.events);
    expect(text).toContain(person.id);
    for (const secret of [seed, ...recoveryCodes.flatMap(code => [code, code.replaceAll('-', '')])]) {
      expect(text.includes(secret) || text.includes(Buffer.from(secret).toString('hex'))).toBe(false);
    }
  });
});
