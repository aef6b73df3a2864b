import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import type { PasskeyAssertion, PasskeyAttestation } from '../src/domain/passkey.ts';

/**
 * A browser and its authenticator in one (Web Authentication, level 3): it makes real keys and signs as a
 * passkey does, and lies where a test tells it to.
 */
export interface SoftwareAuthenticator {
  /** base64url. */
  readonly credentialId: string;
  /** Answers PublicKeyCredentialCreationOptionsJSON. */
  create: (options: Record<string, unknown>, lies?: Lies) => Promise<PasskeyAttestation>;
  /** Answers PublicKeyCredentialRequestOptionsJSON. */
  get: (options: Record<string, unknown>, lies?: Lies) => PasskeyAssertion;
}

export interface Lies {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  userPresent?: boolean;
  userVerified?: boolean;
  signCount?: number;
  userHandle?: string | null;
  /** An attestation, instead of none. `own`: made with the passkey's own key. */
  attest?: (signed: Buffer, own: (data: Buffer) => Buffer) => Attestation | Promise<Attestation>;
}

export interface Attestation {
  fmt: string;
  statement: ReadonlyMap<string, unknown>;
}

export interface AuthenticatorOptions {
  origin: string;
  algorithm?: 'ES256' | 'EdDSA';
  /** False: the count stays 0, as with passkeys that are synchronised between devices. */
  counts?: boolean;
  credentialId?: string;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED_CREDENTIAL = 0x40;

export function createSoftwareAuthenticator({
  origin,
  algorithm = 'ES256',
  counts = true,
  credentialId = randomBytes(32).toString('base64url'),
}: AuthenticatorOptions): SoftwareAuthenticator {
  const { publicKey, privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  let uses = 0;
  let owner = '';

  const clientData = (type: string, options: Record<string, unknown>, lies: Lies): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? options['challenge'],
        origin: lies.origin ?? origin,
        crossOrigin: false,
      }),
    );

  function authenticatorData(rpId: string, lies: Lies, attested: Buffer): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt8(
      ((lies.userPresent ?? true) ? USER_PRESENT : 0) |
        ((lies.userVerified ?? true) ? USER_VERIFIED : 0) |
        (attested.length > 0 ? ATTESTED_CREDENTIAL : 0),
    );
    if (counts) uses += 1;
    head.writeUInt32BE(lies.signCount ?? uses, 1);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), head, attested]);
  }

  const signWith = (data: Buffer): Buffer => sign(algorithm === 'ES256' ? 'sha256' : null, data, privateKey);

  return {
    credentialId,
    async create(options, lies = {}) {
      const id = Buffer.from(credentialId, 'base64url');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, coseKey(publicKey)]);
      const rp = options['rp'] as { id: string };
      owner = (options['user'] as { id: string }).id;
      const data = clientData('webauthn.create', options, lies);
      const authData = authenticatorData(lies.rpId ?? rp.id, lies, attested);
      const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()]);
      const { fmt, statement } = (await lies.attest?.(signed, signWith)) ?? {
        fmt: 'none',
        statement: new Map(),
      };
      const object = isoCBOR.encode(
        new Map<string, unknown>([
          ['fmt', fmt],
          ['attStmt', statement],
          ['authData', new Uint8Array(authData)],
        ]) as Parameters<typeof isoCBOR.encode>[0],
      );
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        response: {
          clientDataJSON: data.toString('base64url'),
          attestationObject: Buffer.from(object).toString('base64url'),
          transports: ['internal'],
        },
      };
    },
    get(options, lies = {}) {
      const data = clientData('webauthn.get', options, lies);
      const authData = authenticatorData(lies.rpId ?? String(options['rpId']), lies, Buffer.alloc(0));
      const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()]);
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        response: {
          clientDataJSON: data.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: signWith(signed).toString('base64url'),
          userHandle: lies.userHandle === undefined ? owner : lies.userHandle,
        },
      };
    },
  };
}

/** COSE_Key (RFC 9053, 7.1 and 7.2). */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '', kty }: JsonWebKey = key.export({ format: 'jwk' });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  const members: [number, number | Uint8Array][] =
    kty === 'EC'
      ? [
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, bytes(x)],
          [-3, bytes(y)],
        ]
      : [
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, bytes(x)],
        ];
  return Buffer.from(isoCBOR.encode(new Map(members) as Parameters<typeof isoCBOR.encode>[0]));
}
