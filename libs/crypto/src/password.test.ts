import { describe, expect, test } from '@jest/globals';
import { hashPassword, verifyPassword } from './password.ts';
import { randomToken } from './random.ts';

describe('password hashing', () => {
  test('is argon2id with the parameters of OWASP, salted', async () => {
    const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
  });

  test('accepts the password and nothing near it', async () => {
    const phc = await hashPassword('Grüße\u{1f511}');
    await expect(verifyPassword(phc, 'Grüße\u{1f511}')).resolves.toBe(true);
    for (const wrong of ['', 'grüße\u{1f511}', 'Grüße\u{1f511} ', 'Grüße\u{1f511}\0', 'Grüße']) {
      await expect(verifyPassword(phc, wrong)).resolves.toBe(false);
    }
  });

  test('reads hashes with other parameters, such as those of an earlier release', async () => {
    // The reference implementation's own test: argon2id, 64 MiB, two passes.
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    await expect(verifyPassword(phc, 'password')).resolves.toBe(true);
    await expect(verifyPassword(phc, 'Password')).resolves.toBe(false);
  });

  test('a damaged hash is an error, not a match', async () => {
    await expect(verifyPassword('', 'x')).rejects.toThrow();
    await expect(verifyPassword('$argon2id$', 'x')).rejects.toThrow();
  });
});

test('a random token is 43 base64url characters, and never the same', () => {
  const tokens = Array.from({ length: 1_000 }, randomToken);
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(tokens).size).toBe(1_000);
});
