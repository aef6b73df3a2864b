import { createHash } from 'node:crypto';

/** One of a host's keys, as people compare it. A host has several, of different algorithms. */
export interface HostKey {
  /** As in SSH's registry, such as `ssh-ed25519`. */
  readonly algorithm: string;
  /** `SHA256:` and the hash of the public key in base64 without padding, as OpenSSH writes it. */
  readonly fingerprint: string;
}

/** A key as a host showed it, with the line that `known_hosts` would hold of it. */
export interface ShownHostKey extends HostKey {
  readonly publicKey: string;
}

/** Of the key in its wire form (RFC 4253, 6.6), which begins with the name of its algorithm. */
export function describeHostKey(key: Buffer): ShownHostKey {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  const algorithm = key.subarray(4, 4 + length).toString('latin1');
  const hash = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return { algorithm, fingerprint: `SHA256:${hash}`, publicKey: `${algorithm} ${key.toString('base64')}` };
}

/** Signatures that a key of this algorithm can make and that are still accepted: none by SHA-1 (RFC 8332). */
const SIGNATURES = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;

type KeyAlgorithm = keyof typeof SIGNATURES;
export type SignatureAlgorithm = (typeof SIGNATURES)[KeyAlgorithm][number];

const ALGORITHMS = Object.keys(SIGNATURES) as KeyAlgorithm[];

export const ALL_SIGNATURES: SignatureAlgorithm[] = ALGORITHMS.flatMap(name => [...SIGNATURES[name]]);

/** Only what the pinned keys can sign is asked for: a host that got one more key is no changed host. */
export const signaturesOf = (pinned: readonly HostKey[]): SignatureAlgorithm[] =>
  ALGORITHMS.filter(name => pinned.some(({ algorithm }) => algorithm === name)).flatMap(name => [
    ...SIGNATURES[name],
  ]);

export const isPinned = (pinned: readonly HostKey[], shown: HostKey): boolean =>
  pinned.some(
    ({ algorithm, fingerprint }) => algorithm === shown.algorithm && fingerprint === shown.fingerprint,
  );
