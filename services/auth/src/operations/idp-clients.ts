import { randomUUID } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { randomToken } from '@strongroom/crypto/random';
import type { AuthContext } from '../context.ts';
import { idpClientNotFound } from '../domain/errors.ts';
import type { IdpClient, IdpClientDocument } from '../domain/idp-client.ts';
import { openSecret, sealSecret } from '../domain/sealed-secret.ts';
import {
  deleteIdpClient as deleteRow,
  findIdpClient,
  insertIdpClient,
  lockIdpClient,
  updateIdpClient as updateRow,
} from '../store/idp-clients.ts';
import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { endSessions } from './effects-at-once.ts';

export interface IdpClientInput {
  name: string;
  /** Absent: as it is; a new one is enabled. */
  isEnabled: boolean | undefined;
  document: IdpClientDocument;
}

export interface IdpClientCredentials {
  clientId: string;
  secret: string;
}

const COLUMN = { table: 'idp_clients', field: 'secret' } as const;

/** Registers an application. Its client id and secret are ours, and are read by GET. */
export async function createIdpClient(ctx: AuthContext, by: By, input: IdpClientInput): Promise<string> {
  const id = ctx.newId();
  const { name, isEnabled = true, document } = input;
  const { clientId, secret } = newCredentials();
  await changeSealedOnRecord(ctx, by, async tx => {
    const sealedSecret = sealSecret(ctx.keyring, COLUMN, id, secret);
    const updatedAt = ctx.now();
    const updatedBy = by.caller.id;
    await insertIdpClient(tx, {
      id,
      name,
      clientId,
      sealedSecret,
      isEnabled,
      document,
      updatedAt,
      updatedBy,
    });
    return { type: AUDIT_EVENTS.idpClientAdded, message: told({ id, name }) };
  });
  return id;
}

/** Replaces what the body says; id and secret stay. Disabling an application ends its sessions. */
export async function updateIdpClient(
  ctx: AuthContext,
  by: By,
  id: string,
  input: IdpClientInput,
): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const client = await lockIdpClient(tx, id);
    if (client === undefined) throw idpClientNotFound();
    const { name, isEnabled = client.isEnabled, document } = input;
    const stamps = { updatedAt: ctx.now(), updatedBy: by.caller.id };
    await updateRow(tx, { ...client, name, isEnabled, document, ...stamps });
    if (client.isEnabled && !isEnabled) await endSessions(ctx, tx, { clientIds: [client.clientId] });
    return { type: AUDIT_EVENTS.idpClientModified, message: told({ id, name }) };
  });
}

export async function deleteIdpClient(ctx: AuthContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const client = await lockIdpClient(tx, id);
    if (client === undefined) throw idpClientNotFound();
    await deleteRow(tx, id);
    await endSessions(ctx, tx, { clientIds: [client.clientId] });
    return { type: AUDIT_EVENTS.idpClientRemoved, message: told(client) };
  });
}

/** New client id and secret in place of the old ones, which are void at once with all their sessions. */
export async function regenerateIdpClient(
  ctx: AuthContext,
  by: By,
  id: string,
): Promise<IdpClientCredentials> {
  const credentials = newCredentials();
  await changeSealedOnRecord(ctx, by, async tx => {
    const client = await lockIdpClient(tx, id);
    if (client === undefined) throw idpClientNotFound();
    await updateRow(tx, {
      ...client,
      clientId: credentials.clientId,
      sealedSecret: sealSecret(ctx.keyring, COLUMN, id, credentials.secret),
      updatedAt: ctx.now(),
      updatedBy: by.caller.id,
    });
    await endSessions(ctx, tx, { clientIds: [client.clientId] });
    return { type: AUDIT_EVENTS.idpClientSecretRead, message: { ...told(client), act: 'regenerated' } };
  });
  return credentials;
}

/** The secret is for those who may change the application, and only once its reading is on record. */
export async function readIdpClient(
  ctx: AuthContext,
  { caller, request }: By,
  id: string,
): Promise<{ client: IdpClient; secret: string | undefined }> {
  const client = await findIdpClient(ctx.db, id);
  if (client === undefined) throw idpClientNotFound();
  if (!caller.permissions.has('idp-clients-manage')) return { client, secret: undefined };
  const message = { ...told(client), act: 'read' };
  await ctx.audit.write({ type: AUDIT_EVENTS.idpClientSecretRead, caller, request, message });
  return { client, secret: await openSecret(ctx.keyring, COLUMN, id, client.sealedSecret) };
}

/** All bits of the client id are random: the one of `newId` tells when it was made. */
const newCredentials = (): IdpClientCredentials => ({ clientId: randomUUID(), secret: randomToken() });

const told = ({ id, name }: Pick<IdpClient, 'id' | 'name'>) => ({ idpClientID: id, idpClient: name });
