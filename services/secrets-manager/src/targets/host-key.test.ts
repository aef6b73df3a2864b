import { expect, test } from '@jest/globals';
import { describeHostKey, isPinned, signaturesOf } from './host-key.ts';

// `ssh-keygen -t ed25519`, and what `ssh-keygen -l` says of it.
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIHgQzDwRIbOPz5/vMZI+jzOBZFEnDAw+eL3mQPvgJcew';
const FINGERPRINT = 'SHA256:9tARuGsijBxSOUV7xL8otIBd8Djr4bsGxJkysP8xYXc';

test('a key is told as OpenSSH tells it', () => {
  expect(describeHostKey(Buffer.from(KEY, 'base64'))).toEqual({
    algorithm: 'ssh-ed25519',
    fingerprint: FINGERPRINT,
    publicKey: `ssh-ed25519 ${KEY}`,
  });
});

test('what is no key has no algorithm that could be pinned', () => {
  for (const bytes of [[], [0, 0], [255, 255, 255, 255, 1], [0, 0, 0, 0]]) {
    const shown = describeHostKey(Buffer.from(bytes));
    expect(signaturesOf([shown])).toEqual([]);
  }
});

test('only what the pinned keys can sign is asked for, and RSA not by SHA-1', () => {
  const pinned = [
    { algorithm: 'ssh-rsa', fingerprint: 'SHA256:a' },
    { algorithm: 'ssh-dss', fingerprint: 'SHA256:b' },
  ];
  expect(signaturesOf(pinned)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(isPinned(pinned, { algorithm: 'ssh-rsa', fingerprint: 'SHA256:a' })).toBe(true);
  expect(isPinned(pinned, { algorithm: 'ssh-rsa', fingerprint: 'SHA256:b' })).toBe(false);
  expect(isPinned(pinned, { algorithm: 'ssh-dss', fingerprint: 'SHA256:a' })).toBe(false);
  expect(isPinned([], { algorithm: 'ssh-rsa', fingerprint: 'SHA256:a' })).toBe(false);
});
