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
  ISSUER,
  keys,
  NOW_S,
  sign,
  verifier,
  type Verify,
} from '../test/signing.ts';
import { createTokenVerifier } from './access-token.ts';

describe('a remembered token', () => {
  function counting(cacheSize?: number) {
    const clock = { seconds: NOW_S };
    const looked: string[] = [];
    const verify = createTokenVerifier({
      issuer: ISSUER,
      keys: (header, token) => {
        looked.push(String(header.kid));
        return keys(header, token);
      },
      now: () => new Date(clock.seconds * 1000),
      ...(cacheSize === undefined ? {} : { cacheSize }),
    });
    return { clock, looked, verify };
  }

  test('is not verified again, and answered at once', async () => {
    const { verify, looked } = counting();
    const authorization = bearer(await sign(CLAIMS));
    const first = await ask(verify, authorization);
    expect(verify(authorization)).toBe(first);
    expect(verify(authorization.replace('Bearer', 'bearer'))).toBe(first);
    expect(looked).toHaveLength(1);
  });

  test('stops at its end', async () => {
    const { verify, clock } = counting();
    const authorization = bearer(await sign(CLAIMS));
    await ask(verify, authorization);
    clock.seconds = CLAIMS.exp - 0.001;
    expect(verify(authorization)).toMatchObject({ id: 'client-1' });
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
    for (const token of tokens.slice(1)) expect(verify(bearer(token))).toMatchObject({ id: 'client-1' });
    expect(verify(bearer(tokens[0]!))).toBeInstanceOf(Promise);
  });

  test('gives the answers that a verifier without memory gives', async () => {
    const other = bearer(await sign({ ...CLAIMS, sub: 'client-2', exp: NOW_S + 30 }));
    const wrong = bearer(await sign({ ...CLAIMS, aud: 'other' }));
    const authorizations = [bearer(await sign(CLAIMS)), other, wrong, `${other}x`];
    const outcome = (verify: Verify, authorization: string) =>
      ask(verify, authorization).then(
        caller => caller.id,
        () => 'refused',
      );
    const step = fc.record({
      authorization: fc.constantFrom(...authorizations),
      pass: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const { verify, clock } = counting(2);
        for (const { authorization, pass } of steps) {
          clock.seconds += pass * 10;
          const fresh = verifier(at(clock.seconds));
          expect(await outcome(verify, authorization)).toBe(await outcome(fresh, authorization));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the key set', () => {
  const remote = (url: string): Verify =>
    createTokenVerifier({
      issuer: ISSUER,
      keys: createRemoteJWKSet(new URL(`${url}/auth/api/v1/oauth/jwks`)),
      now: () => new Date(),
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
