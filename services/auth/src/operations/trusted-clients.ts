import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { randomToken } from '@strongroom/crypto/random';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { trustedClientNotFound } from '../domain/errors.ts';
import { openSecret, sealSecret } from '../domain/sealed-secret.ts';
import { madeBy } from '../domain/stamps.ts';
import type { TrustedClient, TrustedClientType } from '../domain/trusted-client.ts';
import {
  deleteTrustedClient as deleteRow,
  findTrustedClient,
  insertTrustedClient,
  listTrustedClients as listRows,
  lockTrustedClient,
  updateTrustedClient as updateRow,
} from '../store/trusted-clients.ts';
import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';

export interface TrustedClientInput {
  name: string;
  /** Absent: as it is. It is needed to make a client, and never changes. */
  type: TrustedClientType | undefined;
  /** Absent: as it is; a new one is enabled. */
  isEnabled: boolean | undefined;
  document: TrustedClient['document'];
}

export interface ReadableTrustedClient {
  client: TrustedClient;
  /** Absent for callers who may look but not change. */
  secrets: { secret: string; oauthSecret: string } | undefined;
}

const SECRET = { table: 'trusted_clients', field: 'secret' } as const;
const OAUTH_SECRET = { table: 'trusted_clients', field: 'oauth_secret' } as const;

/** Makes a client with random secrets, which are read by GET. */
export async function createTrustedClient(
  ctx: AuthContext,
  by: By,
  { name, type, isEnabled = true, document }: TrustedClientInput,
): Promise<string> {
  if (type === undefined) throw invalidField('type', 'type is required', 'REQUIRED_VALUE_MISSING');
  const id = ctx.newId();
  await changeSealedOnRecord(ctx, by, async tx => {
    const client: TrustedClient = {
      id,
      name,
      type,
      document: { ...document, enabled: isEnabled },
      sealedSecret: sealSecret(ctx.keyring, SECRET, id, randomToken()),
      sealedOAuthSecret: sealSecret(ctx.keyring, OAUTH_SECRET, id, randomToken()),
      ...madeBy(by.caller.id, ctx.now()),
    };
    await insertTrustedClient(tx, client);
    return { type: AUDIT_EVENTS.trustedClientAdded, message: told(client) };
  });
  return id;
}

/** Replaces the client by what the body says; type and secrets stay (clients send them back). */
export async function updateTrustedClient(
  ctx: AuthContext,
  by: By,
  id: string,
  input: TrustedClientInput,
): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const client = await lockTrustedClient(tx, id);
    if (client === undefined) throw trustedClientNotFound();
    if (input.type !== undefined && input.type !== client.type) {
      throw invalidField('type', 'The type of a trusted client cannot be changed');
    }
    const enabled = input.isEnabled ?? client.document['enabled'];
    const next: TrustedClient = {
      ...client,
      name: input.name,
      document: { ...input.document, enabled },
      updatedAt: ctx.now(),
      updatedBy: by.caller.id,
    };
    await updateRow(tx, next);
    return { type: AUDIT_EVENTS.trustedClientModified, message: told(next) };
  });
}

export async function deleteTrustedClient(ctx: AuthContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const name = await deleteRow(tx, id);
    if (name === undefined) throw trustedClientNotFound();
    return { type: AUDIT_EVENTS.trustedClientRemoved, message: told({ id, name }) };
  });
}

export async function readTrustedClient(
  ctx: AuthContext,
  by: By,
  id: string,
): Promise<ReadableTrustedClient> {
  const client = await findTrustedClient(ctx.db, id);
  if (client === undefined) throw trustedClientNotFound();
  return readable(ctx, client, await readsSecrets(ctx, by, told(client)));
}

export async function listTrustedClients(
  ctx: AuthContext,
  by: By,
  page: { offset: number; limit: number },
): Promise<{ count: number; clients: ReadableTrustedClient[] }> {
  const { count, clients } = await listRows(ctx.db, { ...page, type: null });
  const trustedClientIDs = clients.map(client => client.id).join(' ');
  const withSecrets = clients.length > 0 && (await readsSecrets(ctx, by, { trustedClientIDs }));
  return { count, clients: await Promise.all(clients.map(client => readable(ctx, client, withSecrets))) };
}

/** Who may change a client sees its secrets, once that is on record. */
async function readsSecrets(
  ctx: Pick<AuthContext, 'audit'>,
  { caller, request }: By,
  message: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (!caller.permissions.has('settings-manage')) return false;
  await ctx.audit.write({ type: AUDIT_EVENTS.trustedClientSecretsRead, caller, request, message });
  return true;
}

const readable = async (
  ctx: AuthContext,
  client: TrustedClient,
  withSecrets: boolean,
): Promise<ReadableTrustedClient> => ({
  client,
  secrets: withSecrets
    ? {
        secret: await openSecret(ctx.keyring, SECRET, client.id, client.sealedSecret),
        oauthSecret: await openSecret(ctx.keyring, OAUTH_SECRET, client.id, client.sealedOAuthSecret),
      }
    : undefined,
});

const told = ({ id, name }: Pick<TrustedClient, 'id' | 'name'>) => ({
  trustedClientID: id,
  trustedClient: name,
});
