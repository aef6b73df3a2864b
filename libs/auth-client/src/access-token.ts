import { hash } from 'node:crypto';
import { compactVerify, errors, type CompactVerifyGetKey } from 'jose';
import { CALLER_KINDS, type Caller, type RequestInfo } from '@strongroom/contracts/caller';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { serviceUnreachable } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Choice, Type, type Static } from '@strongroom/schema/types';
import { isSameAddress } from './address.ts';
import type { ReducedRights, Revocations } from './revocations.ts';

/** What an access token says (RFC 9068). Every claim is required; one that is missing is never a default. */
export const AccessTokenClaims = Type.Object({
  iss: Type.String(),
  aud: Type.String(),
  sub: Type.String({ minLength: 1, maxLength: 128 }),
  exp: Type.Integer({ minimum: 0 }),
  nbf: Type.Integer({ minimum: 0 }),
  iat: Type.Integer({ minimum: 0 }),
  jti: Type.String({ minLength: 1, maxLength: 128 }),
  client_id: Type.String({ minLength: 1, maxLength: 128 }),
  sid: Type.String({ minLength: 1, maxLength: 128 }),
  kind: Choice(...CALLER_KINDS),
  name: Type.String({ maxLength: 512 }),
  roles: Type.Array(Type.String({ maxLength: 64 })),
  permissions: Type.Array(Type.String({ maxLength: 64 })),
  /** Space-separated (RFC 6749, 3.3). */
  scope: Type.String({ maxLength: 1_024 }),
  /** When the subject proved who it is, and how (RFC 9470, RFC 8176). */
  auth_time: Type.Integer({ minimum: 0 }),
  amr: Type.Array(Type.String({ maxLength: 32 })),
  /** The one address at which the token holds, for roles that are limited to addresses; empty: anywhere. */
  address: Type.String({ maxLength: 64 }),
});
export type AccessTokenClaims = Static<typeof AccessTokenClaims>;

export const TOKEN_AUDIENCE = 'strongroom';
/** Opens the userinfo endpoint and nothing else: what applications get that sign people in through us. */
export const USERINFO_AUDIENCE = 'strongroom-userinfo';
export const TOKEN_TYPE = 'at+jwt';
export const TOKEN_ALGORITHM = 'EdDSA';

export interface VerifierOptions {
  issuer: string;
  /** Finds the public key for the `kid` of a token's header, e.g. jose's createRemoteJWKSet. */
  keys: CompactVerifyGetKey;
  now: () => Date;
  /** Asked on every request, also about tokens that are remembered. */
  revocations: Revocations;
  /** Verified tokens that are remembered until they expire. */
  cacheSize?: number;
}

/** Larger than any token we issue; bounds the work before the signature is checked. */
const MAX_TOKEN_LENGTH = 16_384;
const parseClaims = bodyParser(AccessTokenClaims);

/** A token that was verified, and what does not depend on the request or on what was revoked since. */
interface Verified {
  readonly caller: Caller;
  readonly address: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAtMs: number;
  /** The caller with fewer rights, kept for as long as `by` is the newest word on them. */
  reduced?: { readonly by: ReducedRights; readonly caller: Caller };
}

/**
 * Verifies the bearer token of each request itself: being behind the gateway proves nothing. A token once
 * verified is remembered whole until it expires, so a repeated one costs a map look-up.
 */
export function createTokenVerifier(
  options: VerifierOptions,
): (authorization: string | undefined, request: RequestInfo) => Caller | Promise<Caller> {
  const { revocations } = options;
  const remembered = new Map<string, Verified>();
  const cacheSize = options.cacheSize ?? 10_000;

  async function verify(token: string, digest: string): Promise<Verified> {
    const verified = toVerified(await readAccessToken(token, { ...options, audiences: [TOKEN_AUDIENCE] }));
    if (remembered.size >= cacheSize) {
      // The oldest goes: a Map keeps the order of insertion.
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest);
        break;
      }
    }
    remembered.set(digest, verified);
    return verified;
  }

  function admit(verified: Verified, { remoteAddress }: RequestInfo): Caller {
    const { caller, address, issuedAt } = verified;
    if (address !== '' && !isSameAddress(address, remoteAddress)) throw invalidToken();
    // Services have no session, and their rights are part of the program.
    if (caller.kind === 'service') return caller;
    if (revocations.isEnded(caller.sessionId, issuedAt)) throw invalidToken();
    const rights = revocations.rightsOf(caller.id, issuedAt);
    if (rights === undefined) return caller;
    if (verified.reduced?.by !== rights)
      verified.reduced = { by: rights, caller: withinRights(caller, rights) };
    return verified.reduced.caller;
  }

  return (authorization, request) => {
    const token = bearerToken(authorization);
    // The digest, so that a memory dump holds no more live tokens than the requests under way.
    const digest = hash('sha256', token, 'base64');
    const known = remembered.get(digest);
    if (known !== undefined) {
      if (options.now().getTime() < known.expiresAtMs) return admit(known, request);
      remembered.delete(digest);
    }
    return verify(token, digest).then(verified => admit(verified, request));
  };
}

const toVerified = (claims: AccessTokenClaims): Verified => ({
  caller: {
    id: claims.sub,
    kind: claims.kind,
    name: claims.name,
    sessionId: claims.sid,
    clientId: claims.client_id,
    roles: claims.roles,
    permissions: new Set(claims.permissions),
    authTime: claims.auth_time,
    authMethods: claims.amr,
  },
  address: claims.address,
  issuedAt: claims.iat,
  expiresAtMs: claims.exp * 1000,
});

/** What the token says and auth still grants; never more than either. */
const withinRights = (caller: Caller, rights: ReducedRights): Caller => ({
  ...caller,
  roles: caller.roles.filter(role => rights.roles.has(role)),
  permissions: new Set([...caller.permissions].filter(permission => rights.permissions.has(permission))),
});

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw unauthenticated();
  const token = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw unauthenticated();
  return token;
}

/**
 * The claims of a token that holds for one of these audiences. There is one answer for every way in which a token
 * can be wrong. The signature comes first, then every claim.
 */
export async function readAccessToken(
  token: string,
  {
    issuer,
    keys,
    now,
    audiences,
  }: Pick<VerifierOptions, 'issuer' | 'keys' | 'now'> & { audiences: readonly string[] },
): Promise<AccessTokenClaims> {
  if (token.length > MAX_TOKEN_LENGTH) throw invalidToken();
  let payload: string;
  try {
    const { payload: bytes, protectedHeader } = await compactVerify(token, keys, {
      algorithms: [TOKEN_ALGORITHM],
    });
    if (protectedHeader.typ !== TOKEN_TYPE) throw new errors.JWSInvalid('typ');
    payload = Buffer.from(bytes).toString('utf8');
  } catch (error) {
    throw isTokenFault(error) ? invalidToken(error) : serviceUnreachable(error);
  }
  const claims = readClaims(payload);
  const nowSeconds = now().getTime() / 1000;
  const valid = claims.iss === issuer && audiences.includes(claims.aud) && claims.nbf <= nowSeconds + 5;
  if (!valid || claims.exp <= nowSeconds) throw invalidToken();
  return claims;
}

/** All else, such as a key set that cannot be fetched, is our fault and not the caller's. */
const isTokenFault = (error: unknown): boolean =>
  error instanceof errors.JWSInvalid ||
  error instanceof errors.JWSSignatureVerificationFailed ||
  error instanceof errors.JOSEAlgNotAllowed ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys;

function readClaims(payload: string): AccessTokenClaims {
  let claims: unknown;
  try {
    claims = JSON.parse(payload);
    // auth signs the output of JSON.stringify, so a doubled claim shows: it does not survive the round trip.
    if (JSON.stringify(claims) === payload) return parseClaims(claims);
  } catch (error) {
    throw invalidToken(error);
  }
  throw invalidToken();
}

const invalidToken = (cause?: unknown) => unauthenticated('The access token is not valid', cause);
