import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import sshpk from 'sshpk';
import { parsePrivateKey, parsePublicKey, publicLineOf } from './ssh-key.ts';

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

const strong = rsa(2_048);
const ed25519 = generateKeyPairSync('ed25519');
const pairs: [string, { publicKey: KeyObject; privateKey: KeyObject }][] = [
  ['ssh-rsa', strong],
  ['ssh-ed25519', ed25519],
  ['ecdsa-sha2-nistp256', ec('P-256')],
  ['ecdsa-sha2-nistp384', ec('P-384')],
  ['ecdsa-sha2-nistp521', ec('P-521')],
];
const line = publicLineOf(spki(ed25519.publicKey));

describe('a public key', () => {
  test.each(pairs)('%s', (type, { publicKey }) => {
    const own = publicLineOf(spki(publicKey));
    expect(own.split(' ')).toEqual([type, expect.any(String)]);
    const key = parsePublicKey(`${own} alice@host with blanks\n`);
    expect(key?.line).toBe(own);
    expect(key?.digest).toHaveLength(32);
    const [sha256, md5] = key?.fingerprints ?? [];
    expect(sha256).toBe(`SHA256:${key?.digest.toString('base64').replace(/=+$/, '')}`);
    expect(md5).toMatch(/^MD5:([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  });

  test('as ssh-keygen has it', () => {
    // GitHub's host key and its published fingerprint.
    const known = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
    expect(parsePublicKey(known)?.fingerprints[0]).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });

  test.each([
    ['options', `from="10.0.0.1" ${line}`],
    ['a command', `command="sh" ${line}`],
    ['two lines', `${line}\n${line}`],
    ['a line break in the comment', `${line} a\nb`],
    ['another type', line.replace('ssh-ed25519', 'ssh-rsa')],
    ['an unknown type', line.replace('ssh-ed25519', 'ssh-ed448')],
    ['a certificate', line.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com')],
    ['a part', line.slice(0, -8)],
    ['something behind it', `${line}AAAA`],
    ['PEM', spki(ed25519.publicKey)],
    ['a private key', pkcs8(ed25519.privateKey)],
    ['nothing', ''],
    ['garbage', 'ssh-rsa AAAA'],
    ['a weak RSA key', publicLineOf(spki(rsa(1_024).publicKey))],
    ['a point beside the curve', offCurve()],
  ])('with %s is refused', (_what, text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });
});

function offCurve(): string {
  const [type = '', base64 = ''] = publicLineOf(spki(ec('P-256').publicKey)).split(' ');
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return `${type} ${bytes.toString('base64')}`;
}

describe('a private key', () => {
  test.each(pairs)('of %s, PEM and OpenSSH', (_type, { publicKey, privateKey }) => {
    const pem = pkcs8(privateKey);
    const openssh = sshpk.parsePrivateKey(pem, 'pem').toString('openssh');
    for (const text of [pem, `\n${openssh}\n`, openssh.replaceAll('\n', '\r\n')]) {
      expect(parsePrivateKey(text)).toEqual({ publicLine: publicLineOf(spki(publicKey)), privatePem: pem });
    }
  });

  test('in the older forms of PEM', () => {
    for (const [type, { privateKey, publicKey }] of [
      ['pkcs1', strong],
      ['sec1', ec('P-256')],
    ] as const) {
      const text = privateKey.export({ type, format: 'pem' }).toString();
      expect(parsePrivateKey(text)?.publicLine).toBe(publicLineOf(spki(publicKey)));
    }
  });

  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  test.each([
    ['a passphrase', strong.privateKey.export({ type: 'pkcs8', ...encrypted }).toString()],
    ['a passphrase, older', strong.privateKey.export({ type: 'pkcs1', ...encrypted }).toString()],
    [
      'a passphrase, OpenSSH',
      sshpk.parsePrivateKey(pkcs8(ed25519.privateKey), 'pem').toString('openssh', { passphrase: 'x' }),
    ],
    ['no private half', spki(strong.publicKey)],
    ['too few bits', pkcs8(rsa(1_024).privateKey)],
    ['another curve', pkcs8(ec('secp256k1').privateKey)],
    ['garbage', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
    ['nothing', ''],
    ['numbers that do not belong together', mismatched()],
  ])('with %s is refused', (_what, text) => {
    expect(parsePrivateKey(text)).toBeUndefined();
  });
});

/** The private exponent of one RSA key beside the modulus of another. */
function mismatched(): string {
  const other = sshpk.parsePrivateKey(pkcs8(rsa(2_048).privateKey), 'pem');
  const own = sshpk.parsePrivateKey(pkcs8(strong.privateKey), 'pem');
  const n = other.parts.find(part => part.name === 'n');
  const parts = own.parts.map(part => (part.name === 'n' && n !== undefined ? n : part));
  return new sshpk.PrivateKey({ type: 'rsa', parts }).toString('openssh');
}
