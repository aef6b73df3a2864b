import { createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import sshpk from 'sshpk';

/** SSH keys as OpenSSH writes them. Types: Ed25519, ECDSA on NIST curves, RSA of 2048 to 8192 bits. */

export interface SshPublicKey {
  /** Type and key; the comment is dropped. */
  readonly line: string;
  /** SHA-256 of the key itself, by which it is found. */
  readonly digest: Buffer;
  /** `SHA256:…` and `MD5:…`, as ssh-keygen prints them. */
  readonly fingerprints: readonly string[];
}

const LINE =
  /^((?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+={0,2})(?:[ \t][^\r\n]*)?$/;
const RSA_BITS = { min: 2_048, max: 8_192 };

/** One line of an authorized_keys file without options. Undefined: not such a line, or a key too weak. */
export function parsePublicKey(text: string): SshPublicKey | undefined {
  const line = LINE.exec(text.trim())?.[1];
  const key = line === undefined ? undefined : attempt(() => sshpk.parseKey(line, 'ssh'));
  if (line === undefined || key === undefined || !isStrong(key)) return undefined;
  // Of several spellings of one key only its own is taken; and the curve must hold its point.
  if (publicLine(key) !== line || attempt(() => toKeyObject(key)) === undefined) return undefined;
  return {
    line,
    digest: key.fingerprint('sha256').hash,
    fingerprints: [key.fingerprint('sha256').toString(), `MD5:${key.fingerprint('md5').toString('hex')}`],
  };
}

export interface SshKeyPair {
  readonly publicLine: string;
  /** PKCS #8, PEM. */
  readonly privatePem: string;
}

const PRIVATE_KEY = /^-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\r?\n/;

/** A private key without a passphrase, PEM or OpenSSH. Undefined: not one, or one too weak or inconsistent. */
export function parsePrivateKey(text: string): SshKeyPair | undefined {
  if (!PRIVATE_KEY.test(text.trim())) return undefined;
  return attempt(() => {
    const key = sshpk.parsePrivateKey(text.trim(), 'auto');
    const publicKey = key.toPublic();
    if (!isStrong(publicKey)) return undefined;
    const privateKeyObject = toPrivateKeyObject(key);
    if (!isPair(privateKeyObject, toKeyObject(publicKey))) return undefined;
    const privatePem = privateKeyObject.export({ type: 'pkcs8', format: 'pem' });
    return { publicLine: publicLine(publicKey), privatePem: privatePem.toString() };
  });
}

/** The `ssh-rsa` line of a public key that Node made. */
export const publicLineOf = (publicPem: string): string => publicLine(sshpk.parseKey(publicPem, 'pem'));

function publicLine(key: sshpk.Key): string {
  return key.toString('ssh').split(' ').slice(0, 2).join(' ');
}

/** sshpk writes Ed25519 keys in a form of PKCS #8 from before RFC 8410, hence the other way for these. */
function toKeyObject(key: sshpk.Key): KeyObject {
  if (key.type !== 'ed25519') return createPublicKey(key.toString('pkcs8'));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(part(key, 'A')) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function toPrivateKeyObject(key: sshpk.PrivateKey): KeyObject {
  if (key.type === 'ecdsa') return createPrivateKey(key.toString('pkcs8'));
  const jwk =
    key.type === 'rsa'
      ? rsaJwk(key)
      : { kty: 'OKP', crv: 'Ed25519', x: base64url(part(key, 'A')), d: base64url(part(key, 'k')) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** OpenSSH's form leaves out two exponents, for which sshpk writes zero (RFC 7518, 6.3.2). */
function rsaJwk(key: sshpk.PrivateKey) {
  const text = (name: RsaPart) => base64url(part(key, name));
  const number = (name: RsaPart) => BigInt(`0x${part(key, name).toString('hex')}`);
  const exponent = (prime: 'p' | 'q') => {
    const hex = (number('d') % (number(prime) - 1n)).toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
  };
  return {
    kty: 'RSA',
    n: text('n'),
    e: text('e'),
    d: text('d'),
    p: text('p'),
    q: text('q'),
    dp: exponent('p'),
    dq: exponent('q'),
    qi: text('iqmp'),
  };
}

type RsaPart = 'n' | 'e' | 'd' | 'p' | 'q' | 'iqmp';

/** Whole numbers of SSH may begin with a zero byte, which a JWK must not have (RFC 7518, 2). */
function part(key: sshpk.Key | sshpk.PrivateKey, name: RsaPart | 'A' | 'k'): Buffer {
  const data = key.parts.find(candidate => candidate.name === name)?.data ?? Buffer.alloc(0);
  return key.type === 'rsa' && data[0] === 0 ? data.subarray(1) : data;
}

const base64url = (bytes: Buffer): string => bytes.toString('base64url');

function isStrong(key: sshpk.Key): boolean {
  if (key.type === 'rsa') return key.size >= RSA_BITS.min && key.size <= RSA_BITS.max;
  return key.type === 'ecdsa' || key.type === 'ed25519';
}

/** Parsers take any numbers for an RSA key; only a signature shows that they belong together. */
function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const data = randomBytes(32);
  return verify(algorithm, data, publicKey, sign(algorithm, data, privateKey));
}

/** The parsers' own errors quote what they were given, which may be a private key. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
