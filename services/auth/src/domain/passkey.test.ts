import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  CHALLENGE_SECONDS,
  isChallengeFresh,
  makeChallenge,
  relyingParty,
  requireRelyingParty,
  userHandle,
} from './passkey.ts';

test.each([
  ['https://vault.example', 'vault.example', 'https://vault.example'],
  ['https://vault.example:8443/auth', 'vault.example', 'https://vault.example:8443'],
  ['https://VAULT.example:443/', 'vault.example', 'https://vault.example'],
  ['https://localhost:8443', 'localhost', 'https://localhost:8443'],
])('%s can have passkeys', (issuer, id, origin) => {
  expect(relyingParty(issuer)).toEqual({ id, origin });
});

test.each(['https://127.0.0.1:8443', 'https://[::1]:8443', 'https://0x7f.1/', 'https://[fe80::1]'])(
  '%s cannot',
  issuer => {
    expect(relyingParty(issuer)).toBeUndefined();
    expect(() => requireRelyingParty(issuer)).toThrow(
      expect.objectContaining({ code: 'FEATURE_DISABLED', message: expect.stringContaining('IP address') }),
    );
  },
);

test('a challenge is fresh for five minutes from its making', () => {
  const made = new Date('2026-05-01T08:00:00.123Z');
  const challenge = makeChallenge(made, randomBytes(32));
  const after = (milliseconds: number) => new Date(made.getTime() + milliseconds);
  expect(isChallengeFresh(challenge, made)).toBe(true);
  expect(isChallengeFresh(challenge, after(CHALLENGE_SECONDS * 1_000 - 1))).toBe(true);
  expect(isChallengeFresh(challenge, after(CHALLENGE_SECONDS * 1_000))).toBe(false);
  expect(isChallengeFresh(challenge, after(-1))).toBe(false);
  for (const none of ['', 'x', 'AAAAAAAA']) expect(isChallengeFresh(none, made)).toBe(false);
});

test('a user handle is the id itself, and of one person only', () => {
  const id = randomUUID();
  expect(userHandle(id)).toHaveLength(16);
  expect(userHandle(id).toString('hex')).toBe(id.replaceAll('-', ''));
});
