import { randomBytes } from 'node:crypto';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import { COSEALG, decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import { userNotFound, passkeyNotFound, passkeyRefused, tooManyPasskeys } from '../domain/errors.ts';
import {
  CHALLENGE_SECONDS,
  makeChallenge,
  requireRelyingParty,
  userHandle,
  type Passkey,
  type PasskeyAttestation,
  type RelyingParty,
} from '../domain/passkey.ts';
import { deleteIdleRecoveryCodes } from '../store/second-factors.ts';
import { keepRegistrationChallenge, takeRegistrationChallenge } from '../store/webauthn-challenges.ts';
import {
  deletePasskey as deleteRow,
  findPasskey,
  findPasskeys,
  insertPasskey,
  updatePasskey as updateRow,
} from '../store/webauthn-credentials.ts';
import { change, issueFirstRecoveryCodes, requireOwner } from './second-factor-setup.ts';
import { toDescriptor } from './second-factor.ts';

const ALGORITHMS = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256];
const MAX_PASSKEYS = 20;

/** What the browser needs to make a passkey for the caller. The challenge holds for 5 minutes and once. */
export async function startPasskey(ctx: AuthContext, caller: Caller): Promise<Record<string, unknown>> {
  const party = requireRelyingParty(ctx.config.issuer);
  const existing = await findPasskeys(ctx.db, caller.id);
  const now = ctx.now();
  const challenge = makeChallenge(now, randomBytes(32));
  const options = await generateRegistrationOptions({
    rpName: 'Strongroom',
    rpID: party.id,
    userName: caller.name,
    userID: new Uint8Array(userHandle(caller.id)),
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: CHALLENGE_SECONDS * 1_000,
    attestationType: 'none',
    excludeCredentials: existing.map(toDescriptor),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: ALGORITHMS,
  });
  const expiresAt = new Date(now.getTime() + CHALLENGE_SECONDS * 1_000);
  if (!(await keepRegistrationChallenge(ctx.db, caller.id, challenge, expiresAt))) throw userNotFound();
  return { ...options };
}

/** Returns the id of the new passkey, and recovery codes when the person had none. */
export async function addPasskey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  name: string,
  response: PasskeyAttestation,
): Promise<{ id: string; recoveryCodes: readonly string[] }> {
  const party = requireRelyingParty(ctx.config.issuer);
  // Outside of the transaction: the challenge is spent whatever the answer to it is worth.
  const challenge = await takeRegistrationChallenge(ctx.db, caller.id, ctx.now());
  const credential = challenge === undefined ? undefined : await verify(party, challenge, response);
  if (credential === undefined) throw passkeyRefused();
  const now = ctx.now();
  const passkey: Passkey = {
    id: ctx.newId(),
    userId: caller.id,
    credentialId: Buffer.from(credential.id, 'base64url'),
    publicKey: Buffer.from(credential.publicKey),
    signCount: credential.counter,
    transports: response.response.transports ?? [],
    name,
    comment: '',
    lastUsedAt: null,
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  };
  const recoveryCodes = await ctx.db.transaction(async tx => {
    await requireOwner(tx, caller.id);
    if ((await findPasskeys(tx, caller.id)).length >= MAX_PASSKEYS) throw tooManyPasskeys();
    await insertPasskey(tx, passkey);
    const issued = await issueFirstRecoveryCodes(tx, caller.id);
    await ctx.audit.append(tx, change(caller.id, 'passkey added', { caller, request }));
    return issued;
  });
  ctx.ring();
  return { id: passkey.id, recoveryCodes };
}

async function verify(
  { id, origin }: RelyingParty,
  challenge: string,
  { response, ...rest }: PasskeyAttestation,
) {
  try {
    const statement = decodeAttestationObject(Buffer.from(response.attestationObject, 'base64url')).get(
      'attStmt',
    );
    // None was asked for, and checking a chain can mean to fetch from addresses that it names itself.
    if (statement.get('x5c') !== undefined) return undefined;
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        ...rest,
        clientExtensionResults: {},
        response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject },
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: false,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return registrationInfo?.credential;
  } catch {
    // The library throws for whatever is wrong with the answer; its messages quote it.
    return undefined;
  }
}

export async function updatePasskey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  id: string,
  input: Pick<Passkey, 'name' | 'comment'>,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const passkey = await findPasskey(tx, userId, id);
    if (passkey === undefined) throw passkeyNotFound();
    const next = { ...passkey, ...input, updatedAt: ctx.now(), updatedBy: caller.id };
    if (!(await updateRow(tx, next))) throw passkeyNotFound();
    await ctx.audit.append(tx, change(userId, 'passkey renamed', { caller, request }));
  });
  ctx.ring();
}

export async function removePasskey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    await requireOwner(tx, userId);
    if (!(await deleteRow(tx, userId, id))) throw passkeyNotFound();
    await deleteIdleRecoveryCodes(tx, userId);
    await ctx.audit.append(tx, change(userId, 'passkey removed', { caller, request }));
  });
  ctx.ring();
}
