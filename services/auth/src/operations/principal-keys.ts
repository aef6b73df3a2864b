import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { principalKeyNotFound, roleNotFound } from '../domain/errors.ts';
import { requirePermissionsOf } from '../domain/escalation.ts';
import { sealSecret } from '../domain/sealed-secret.ts';
import { parsePrivateKey, publicLineOf, type SshKeyPair } from '../domain/ssh-key.ts';
import { deletePrincipalKey as deleteRow, insertPrincipalKey } from '../store/principal-keys.ts';
import { findRole, lockRoles } from '../store/roles.ts';

const COLUMN = { table: 'principal_keys', field: 'private_key' } as const;

/** A new RSA key pair, which is what clients wait to see (contract 4.1). */
export async function generatePrincipalKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  roleId: string,
): Promise<string> {
  if ((await findRole(ctx.db, roleId)) === undefined) throw roleNotFound();
  return addPrincipalKey(ctx, caller, request, roleId, await generateInTurn());
}

export async function importPrincipalKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  roleId: string,
  privateKey: string,
): Promise<string> {
  const pair = parsePrivateKey(privateKey);
  if (pair === undefined) {
    throw invalidField(
      'private_key',
      'A private key without a passphrase is needed, PEM or OpenSSH: Ed25519, ECDSA, or RSA of 2048 bits or more',
      'VALUE_INCORRECT_FORMAT',
    );
  }
  return addPrincipalKey(ctx, caller, request, roleId, pair);
}

async function addPrincipalKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  roleId: string,
  { publicLine, privatePem }: SshKeyPair,
): Promise<string> {
  const id = ctx.newId();
  await ctx.keyring.sealing(() =>
    ctx.db.transaction(async tx => {
      const sealedPrivateKey = sealSecret(ctx.keyring, COLUMN, id, privatePem);
      const permissions = (await lockRoles(tx, [roleId])).get(roleId);
      if (permissions === undefined) throw roleNotFound();
      // Who brings a key signs in to hosts as the role.
      requirePermissionsOf(caller, permissions);
      await insertPrincipalKey(tx, {
        id,
        roleId,
        publicKey: publicLine,
        sealedPrivateKey,
        createdAt: ctx.now(),
        createdBy: caller.id,
      });
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.principalKeyAdded,
        caller,
        request,
        message: { roleID: roleId, keyID: id },
      });
    }),
  );
  ctx.ring();
  return id;
}

export async function deletePrincipalKey(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  roleId: string,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    if (!(await deleteRow(tx, roleId, id))) throw principalKeyNotFound();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.principalKeyRemoved,
      caller,
      request,
      message: { roleID: roleId, keyID: id },
    });
  });
  ctx.ring();
}

const RSA_BITS = 3_072;
const MAX_WAITING = 16;

const generate = promisify(generateKeyPair);

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * One at a time: a pair keeps a thread of Node's pool busy for as much as a second, and all that is verified
 * and compressed shares that pool.
 */
async function generateInTurn(): Promise<SshKeyPair> {
  if (waiting >= MAX_WAITING) {
    throw new AppError({
      kind: 'unavailable',
      code: 'MAX_LOAD',
      message: 'Too many keys are being generated at the moment',
      retryAfterSeconds: 5,
    });
  }
  waiting += 1;
  const turn = last.then(() => generate('rsa', { modulusLength: RSA_BITS }));
  // Whoever comes next waits for the end of this turn, not for its success.
  last = turn.catch(() => undefined);
  try {
    const { publicKey, privateKey } = await turn;
    return {
      publicLine: publicLineOf(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
      privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  } finally {
    waiting -= 1;
  }
}
