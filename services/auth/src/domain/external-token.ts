import { isLine } from '@strongroom/schema/text';
import { parseUniqueJson } from './unique-json.ts';

/** Why a token is refused: for the log. Whoever sent it hears one text for all (see verifyExternalToken). */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** A JWT whose form was checked and whose signature was not. */
export interface ExternalToken {
  readonly algorithm: 'RS256' | 'EdDSA';
  readonly keyId: string | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly times: { readonly exp?: number; readonly nbf?: number; readonly iat?: number };
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Checked before anything is decoded. */
const MAX_LENGTH = 16_384;
/** The only form that is taken: a signature, compact (RFC 7515, 7.1). An encrypted token has five parts. */
const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.[\w-]+$/;
/** Ways by which a token would bring or name its own key, and extensions that must be understood. */
const REFUSED_HEADERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit'] as const;
/** RFC 8037, and the name that RFC 9864 gives to the same algorithm. */
const ALGORITHMS: Readonly<Record<string, ExternalToken['algorithm']>> = {
  RS256: 'RS256',
  EdDSA: 'EdDSA',
  Ed25519: 'EdDSA',
};

export function parseExternalToken(text: string): ExternalToken {
  const parts = text.length <= MAX_LENGTH ? COMPACT_JWS.exec(text) : null;
  const header = decodeObject(parts?.[1] ?? '');
  const claims = decodeObject(parts?.[2] ?? '');
  if (header === undefined || claims === undefined) throw new TokenRefused('not a compact JWT');

  const alg = member(header, 'alg');
  const algorithm = typeof alg === 'string' && Object.hasOwn(ALGORITHMS, alg) ? ALGORITHMS[alg] : undefined;
  if (algorithm === undefined) throw new TokenRefused('another algorithm');
  if (REFUSED_HEADERS.some(name => Object.hasOwn(header, name))) throw new TokenRefused('a refused header');
  const keyId = member(header, 'kid');
  if (keyId !== undefined && typeof keyId !== 'string') throw new TokenRefused('kid is no text');

  const aud = member(claims, 'aud');
  const audiences = Array.isArray(aud) ? (aud as unknown[]) : [aud];
  if (!audiences.every(audience => typeof audience === 'string')) throw new TokenRefused('aud is no text');
  return {
    algorithm,
    keyId,
    issuer: requiredText(claims, 'iss'),
    audiences,
    subject: requiredText(claims, 'sub'),
    times: { ...time(claims, 'exp'), ...time(claims, 'nbf'), ...time(claims, 'iat') },
    claims,
  };
}

/** Clocks of others may differ this much. */
const LEEWAY_SECONDS = 60;
/** What has no expiry counts as long as this after it was issued. */
const MAX_AGE_SECONDS = 300;

/** RFC 7519, 4.1.4 to 4.1.6. A token with neither expiry nor time of issue would count for ever: it never does. */
export function checkTimes({ exp, nbf, iat }: ExternalToken['times'], now: Date): void {
  const seconds = now.getTime() / 1000;
  const end = exp ?? (iat === undefined ? -Infinity : iat + MAX_AGE_SECONDS);
  if (seconds >= end + LEEWAY_SECONDS) throw new TokenRefused('expired, or without any time');
  if (nbf !== undefined && seconds < nbf - LEEWAY_SECONDS) throw new TokenRefused('not valid yet');
  if (iat !== undefined && seconds < iat - LEEWAY_SECONDS) throw new TokenRefused('issued in the future');
}

/** Own members only: `constructor` is on every object. */
export const member = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

function decodeObject(part: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'));
  } catch {
    return undefined;
  }
  const value = parseUniqueJson(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

function requiredText(claims: Readonly<Record<string, unknown>>, name: 'iss' | 'sub'): string {
  const value = member(claims, name);
  // What a database cannot hold, such as NUL, is nobody's name.
  if (typeof value !== 'string' || value === '' || !isLine(value)) {
    throw new TokenRefused(`${name} is missing or no line of text`);
  }
  return value;
}

function time(claims: Readonly<Record<string, unknown>>, name: 'exp' | 'nbf' | 'iat') {
  if (!Object.hasOwn(claims, name)) return {};
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TokenRefused(`${name} is no number`);
  return { [name]: value };
}
