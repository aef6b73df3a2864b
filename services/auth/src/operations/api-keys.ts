import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import { isSubnet } from '../domain/address-masks.ts';
import { newApiKey, type ApiKey } from '../domain/api-key.ts';
import { apiKeyEnded, apiKeyNotFound, noNetwork, noProgram } from '../domain/errors.ts';
import { requirePermissionsOf } from '../domain/escalation.ts';
import { API_KEY_PREFIX } from '../domain/oauth-client.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { findApiClient } from '../store/api-clients.ts';
import {
  deleteApiKey as deleteRow,
  findApiKey,
  insertApiKey,
  listApiKeys as listRows,
  lockApiKey,
  updateApiKeyHash,
} from '../store/api-keys.ts';
import { findUser } from '../store/users.ts';
import { endSessions } from './effects-at-once.ts';
import { requireRightsOver } from './rights-over.ts';

/**
 * Keys by which programs sign in (contract secrets-safe.md 2.2). Who holds one is its subject: whoever makes, rotates or
 * revokes it must have the subject's rights himself.
 */

export interface ApiKeyInput extends Pick<ApiKey, 'name' | 'networks' | 'expiresAt'> {
  readonly subjectId: string;
}

export const listApiKeys = (
  { db }: Pick<AuthContext, 'db'>,
  page: Parameters<typeof listRows>[1],
): ReturnType<typeof listRows> => listRows(db, page);

export async function readApiKey({ db }: Pick<AuthContext, 'db'>, id: string): Promise<ApiKey> {
  const key = await findApiKey(db, id);
  if (key === undefined) throw apiKeyNotFound();
  return key;
}

/** The key itself is answered this once and kept as a digest. */
export async function createApiKey(
  ctx: AuthContext,
  by: By,
  { subjectId, ...input }: ApiKeyInput,
): Promise<{ id: string; key: string }> {
  const now = ctx.now();
  const wrong = input.networks.findIndex(network => !isSubnet(network));
  if (wrong !== -1) throw noNetwork(wrong);
  if (input.expiresAt !== null && input.expiresAt <= now) throw apiKeyEnded();
  const id = ctx.newId();
  const key = newApiKey();
  await changeOnRecord(ctx, by, async tx => {
    const subject = await findProgram(tx, subjectId);
    if (subject === undefined) throw noProgram();
    await requireRightsOf(tx, by, subject);
    const stamps = { createdAt: now, createdBy: by.caller.id, updatedAt: now, updatedBy: by.caller.id };
    const made = { ...input, ...stamps, id, subject };
    await insertApiKey(tx, made, digestOf(key));
    return { type: AUDIT_EVENTS.apiKeyAdded, message: told(made) };
  });
  return { id, key };
}

/** A key in place of the one before, whose sessions end with it. */
export async function rotateApiKey(ctx: AuthContext, by: By, id: string): Promise<string> {
  const key = newApiKey();
  await changeOnRecord(ctx, by, async tx => {
    const before = await requireKey(tx, by, id);
    await updateApiKeyHash(tx, id, digestOf(key), ctx.now(), by.caller.id);
    await endSessions(ctx, tx, { clientIds: [API_KEY_PREFIX + id] });
    return { type: AUDIT_EVENTS.apiKeyRotated, message: told(before) };
  });
  return key;
}

export async function revokeApiKey(ctx: AuthContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const key = await requireKey(tx, by, id);
    await deleteRow(tx, id);
    await endSessions(ctx, tx, { clientIds: [API_KEY_PREFIX + id] });
    return { type: AUDIT_EVENTS.apiKeyRemoved, message: told(key) };
  });
}

async function requireKey(tx: Queryable, by: By, id: string): Promise<ApiKey> {
  const key = await lockApiKey(tx, id);
  if (key === undefined) throw apiKeyNotFound();
  await requireRightsOf(tx, by, key.subject);
  return key;
}

/** People sign in themselves: a key is for programs. */
async function findProgram(db: Queryable, id: string): Promise<ApiKey['subject'] | undefined> {
  const user = await findUser(db, id);
  if (user !== undefined) return user.isApplication ? { kind: 'user', id, name: user.username } : undefined;
  const client = await findApiClient(db, id);
  return client && { kind: 'api-client', id, name: client.name };
}

async function requireRightsOf(
  db: Queryable,
  { caller }: By,
  { kind, id }: ApiKey['subject'],
): Promise<void> {
  if (kind === 'user') await requireRightsOver(db, caller, [id]);
  else requirePermissionsOf(caller, (await findApiClient(db, id))?.permissions ?? []);
}

const told = ({ id, name, subject, networks, expiresAt }: ApiKey) => ({
  apiKeyID: id,
  apiKey: name,
  subjectID: subject.id,
  networks: networks.join(' '),
  expires: expiresAt?.toISOString() ?? '',
});
