import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { readAuthorizedKey, type AuthorizedKeyInput } from './authorized-key.ts';
import { parsePublicKey, publicLineOf } from './ssh-key.ts';

const now = new Date('2026-05-01T08:00:00Z');
const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
const public_key = publicLineOf(pem);
const read = (input: AuthorizedKeyInput) => readAuthorizedKey({ public_key, ...input }, now);

test('a key alone has no limits', () => {
  expect(read({})).toMatchObject({
    key: { line: public_key },
    notBefore: null,
    notAfter: null,
    sourceAddresses: [],
    document: { name: '', comment: '', enable_interactive_auth: false },
  });
});

test('expires_in counts from now, unless an end is given', () => {
  expect(read({ expires_in: 60 })).toMatchObject({ notAfter: new Date('2026-05-01T08:01:00Z') });
  expect(read({ expires_in: 60, not_after: '2026-06-01T00:00:00Z' })).toMatchObject({
    notAfter: new Date('2026-06-01T00:00:00Z'),
  });
  expect(read({ expires_in: 0, not_after: '' })).toMatchObject({ notAfter: null });
});

test('without a key the current one is kept', () => {
  const current = parsePublicKey(public_key);
  for (const sent of [undefined, null, '']) {
    expect(readAuthorizedKey(sent === undefined ? {} : { public_key: sent }, now, current)).toMatchObject({
      key: current,
    });
    expect(readAuthorizedKey(sent === undefined ? {} : { public_key: sent }, now)).toMatchObject({
      property: 'public_key',
    });
  }
});

test.each<[string, AuthorizedKeyInput]>([
  ['public_key', { public_key: 'ssh-rsa AAAA' }],
  ['not_before', { not_before: 'soon' }],
  ['not_after', { not_after: '2026-02-31T00:00:00Z' }],
  ['not_after', { not_before: '2026-05-02T00:00:00Z', not_after: '2026-05-02T00:00:00Z' }],
  ['not_after', { not_before: '2026-05-02T00:00:00Z', expires_in: 60 }],
  ['source_address', { source_address: ['10.0.0.0/8', 'host.example'] }],
])('%s of %j is named', (property, input) => {
  expect(read(input)).toMatchObject({ property });
});
