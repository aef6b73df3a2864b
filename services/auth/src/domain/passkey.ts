import { isIP } from 'node:net';
import { passkeysUnavailable } from './errors.ts';

/** A public key by which a person signs in (Web Authentication, level 3). */
export interface Passkey {
  readonly id: string;
  readonly userId: string;
  readonly credentialId: Buffer;
  /** COSE_Key. */
  readonly publicKey: Buffer;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly comment: string;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** RegistrationResponseJSON, as far as it is read. All binary members are base64url. */
export interface PasskeyAttestation {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports?: readonly string[] | null;
  };
}

/** AuthenticationResponseJSON, as far as it is read. */
export interface PasskeyAssertion {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string | null;
  };
}

/** Whom passkeys are made for; they work nowhere else. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

export function relyingParty(issuer: string): RelyingParty | undefined {
  const { hostname, origin } = new URL(issuer);
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0 ? { id: hostname, origin } : undefined;
}

export function requireRelyingParty(issuer: string): RelyingParty {
  const party = relyingParty(issuer);
  if (party === undefined) throw passkeysUnavailable();
  return party;
}

/** The person as authenticators keep it: the id's 16 bytes, which say nothing about who it is. */
export const userHandle = (userId: string): Buffer => Buffer.from(userId.replaceAll('-', ''), 'hex');

export const CHALLENGE_SECONDS = 300;
const TIME_BYTES = 6;

/** A challenge carries the time at which it was made, so that whoever keeps it need not. */
export function makeChallenge(now: Date, random: Uint8Array): string {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeUIntBE(now.getTime(), 0, TIME_BYTES);
  return Buffer.concat([time, random]).toString('base64url');
}

export function isChallengeFresh(challenge: string, now: Date): boolean {
  const bytes = Buffer.from(challenge, 'base64url');
  if (bytes.length <= TIME_BYTES) return false;
  const age = now.getTime() - bytes.readUIntBE(0, TIME_BYTES);
  return age >= 0 && age < CHALLENGE_SECONDS * 1_000;
}
