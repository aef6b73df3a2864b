import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRemoteJWKSet } from 'jose';
import { listen } from '@strongroom/http/listen';
import { createTokenIssuer } from '@strongroom/testing/tokens';
import {
  ask,
  at,
  bearer,
  CLAIMS,
  expectRefused,
  from,
  ISSUER,
  keys,
  NOW_S,
  REQUEST,
  sign,
  verifier,
  type Verify,
} from '../test/signing.ts';
import { createTokenVerifier } from './access-token.ts';
import { createRevocations } from './revocations.ts';

describe('a remembered token', () => {
  function counting(cacheSize?: number) {
    const clock = { seconds: NOW_S };
    const looked: string[] = [];
    const now = () => new Date(clock.seconds * 1000);
    const revocations = createRevocations(now);
    const verify = createTokenVerifier({
      issuer: ISSUER,
      keys: (header, token) => {
        looked.push(String(header.kid));
        return keys(header, token);
      },
      now,
      revocations,
      ...(cacheSize === undefined ? {} : { cacheSize }),
    });
    return { clock, looked, revocations, verify };
  }

  test('is not verified again, and answered at once', async () => {
    const { verify, looked } = counting();
    const authorization = bearer(await sign(CLAIMS));
    const first = await ask(verify, authorization);
    expect(verify(authorization, REQUEST)).toBe(first);
    expect(verify(authorization.replace('Bearer', 'bearer'), REQUEST)).toBe(first);
    expect(looked).toHaveLength(1);
  });

  test('stops at its end', async () => {
    const { verify, clock } = counting();
    const authorization = bearer(await sign(CLAIMS));
    await ask(verify, authorization);
    clock.seconds = CLAIMS.exp - 0.001;
    expect(verify(authorization, REQUEST)).toMatchObject({ id: 'client-1' });
    clock.seconds = CLAIMS.exp;
    await expectRefused(authorization, verify);
  });

  test('that was refused is not remembered as refused, nor as accepted', async () => {
    const { verify, clock } = counting();
    const authorization = bearer(await sign({ ...CLAIMS, nbf: NOW_S + 60 }));
    await expectRefused(authorization, verify);
    await expectRefused(authorization, verify);
    clock.seconds = NOW_S + 60;
    expect((await ask(verify, authorization)).id).toBe('client-1');
  });

  test('makes room for a newer one: no more are kept than stated', async () => {
    const { verify, looked } = counting(3);
    const tokens = await Promise.all([1, 2, 3, 4].map(number => sign({ ...CLAIMS, jti: `token-${number}` })));
    for (const token of tokens) await ask(verify, bearer(token));
    expect(looked).toHaveLength(4);
    for (const token of tokens.slice(1))
      expect(verify(bearer(token), REQUEST)).toMatchObject({ id: 'client-1' });
    expect(verify(bearer(tokens[0]!), REQUEST)).toBeInstanceOf(Promise);
  });

  test('gives the answers that a verifier without memory gives, whatever is revoked in between', async () => {
    const one = bearer(await sign(CLAIMS));
    const other = bearer(
      await sign({ ...CLAIMS, sub: 'client-2', sid: 'session-2', exp: NOW_S + 30, address: '192.0.2.1' }),
    );
    const service = bearer(await sign({ ...CLAIMS, kind: 'service' }));
    const wrong = bearer(await sign({ ...CLAIMS, aud: 'other' }));
    const outcome = (verify: Verify, authorization: string, remoteAddress: string) =>
      ask(verify, authorization, from(remoteAddress)).catch(() => 'refused');
    const subset = <T>(...items: T[]) => fc.subarray(items);
    const step = fc.record({
      authorization: fc.constantFrom(one, other, service, wrong, `${other}x`),
      remoteAddress: fc.constantFrom('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'),
      pass: fc.integer({ min: 0, max: 4 }),
      ended: subset('session-2'),
      subjects: fc.array(
        fc.record({
          id: fc.constantFrom('client-1', 'client-2'),
          roles: subset('role-1', 'role-2'),
          permissions: subset('vault-manage', 'vault-add', 'roles-view'),
        }),
        { maxLength: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const { verify, clock, revocations } = counting(2);
        for (const { authorization, remoteAddress, pass, ended, subjects } of steps) {
          clock.seconds += pass * 10;
          revocations.endSessions(ended);
          revocations.reduceRights(subjects);
          const fresh = verifier(at(clock.seconds), revocations);
          const answer = await outcome(verify, authorization, remoteAddress);
          expect(answer).toEqual(await outcome(fresh, authorization, remoteAddress));
          if (typeof answer === 'string') continue;
          // Whatever was announced, nobody gets more than the token says.
          expect(CLAIMS.roles).toEqual(expect.arrayContaining([...answer.roles]));
          expect(CLAIMS.permissions).toEqual(expect.arrayContaining([...answer.permissions]));
        }
      }),
    );
  });
});

describe('the key set', () => {
  const remote = (url: string): Verify =>
    createTokenVerifier({
      issuer: ISSUER,
      keys: createRemoteJWKSet(new URL(`${url}/auth/api/v1/oauth/jwks`)),
      now: () => new Date(),
      revocations: createRevocations(() => new Date()),
    });

  test('is fetched from auth', async () => {
    const issuer = await createTokenIssuer();
    try {
      const verify = remote(issuer.url);
      expect((await ask(verify, await issuer.bearer({ sub: 'me' }))).id).toBe('me');
      await expectRefused(bearer(await sign(CLAIMS)), verify);
    } finally {
      await issuer.stop();
    }
  });

  test.each([
    ['nothing listens', undefined],
    ['auth fails', { status: 503, body: '' }],
    ['auth answers with something else', { status: 200, body: '<html>' }],
    ['auth answers with no key set', { status: 200, body: '{"keys":7}' }],
  ])("that cannot be had is our fault and not the caller's: %s", async (_what, answer) => {
    const server = createServer((_request, response) =>
      response.writeHead(answer?.status ?? 200).end(answer?.body),
    );
    const listening = await listen(server, '127.0.0.1', 0);
    if (answer === undefined) await listening.stop(0);
    const verify = remote(`http://127.0.0.1:${listening.port}`);
    await expect(ask(verify, bearer(await sign(CLAIMS)))).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'INTRA_SERVICE_COMMUNICATION_ERROR',
    });
    await listening.stop(0);
  });
});
