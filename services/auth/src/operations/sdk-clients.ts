import { timingSafeEqual } from 'node:crypto';
import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable, Transaction } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import { registrationRefused, sdkClientNotFound } from '../domain/errors.ts';
import { SDK_CLIENT_PREFIX } from '../domain/oauth-client.ts';
import { digestOf, newOpaqueToken } from '../domain/opaque-token.ts';
import { admitsAddress, type SdkClient, type SdkClientRule } from '../domain/sdk-client.ts';
import { findRuleByName } from '../store/sdk-client-rules.ts';
import {
  areSdkClientsEnabled,
  findClientIds,
  findSdkClient,
  insertSdkClient,
  listSdkClients as listRows,
  markRevoked,
  setSdkClientsEnabled,
  updateSdkClient as updateRow,
  type SdkClientQuery,
} from '../store/sdk-clients.ts';
import { endSessions } from './effects-at-once.ts';

export interface Registration {
  readonly clientId: string;
  readonly name: string;
  readonly description: string;
  readonly ruleName: string;
  readonly onboardingKey: string | undefined;
}

/**
 * A machine registers itself, without a token: the rule alone decides. The secret is answered this once. What was wrong
 * is on the trail and not in the answer, which would tell strangers the names of rules.
 */
export async function registerSdkClient(
  ctx: AuthContext,
  request: RequestInfo,
  input: Registration,
): Promise<SdkClient & { readonly secret: string }> {
  const secret = newOpaqueToken();
  const outcome = await ctx.db.transaction(async tx => {
    const rule = await findRuleByName(tx, input.ruleName);
    const reason = await refusalOf(tx, rule, input, request.remoteAddress);
    if (rule === undefined || reason !== undefined) return { reason: reason ?? 'rule' };
    const client = {
      clientId: input.clientId.toLowerCase(),
      secretHash: digestOf(secret),
      name: input.name,
      description: input.description,
      ipAddress: request.remoteAddress,
      rule,
    };
    const id = await insertSdkClient(tx, client, ctx.now());
    // Nobody takes over a machine by its id, which is no secret.
    if (id === undefined) return { reason: 'registered before' };
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.sdkClientRegistered,
      request,
      message: { ...told(client), ruleID: String(rule.id), rule: rule.name, userID: rule.user?.id ?? '' },
    });
    return { ...client, id, revokedAt: null };
  });
  if ('reason' in outcome) {
    const { reason } = outcome;
    await ctx.audit.write({ type: AUDIT_EVENTS.sdkClientRefused, request, message: { reason } });
    throw registrationRefused();
  }
  ctx.ring();
  return { ...outcome, secret };
}

async function refusalOf(
  db: Queryable,
  rule: SdkClientRule | undefined,
  { onboardingKey }: Registration,
  address: string,
): Promise<string | undefined> {
  if (!(await areSdkClientsEnabled(db))) return 'turned off';
  if (rule === undefined) return 'rule';
  if (rule.user === null) return 'account';
  if (!admitsAddress(rule, address)) return 'address';
  return rule.requiresKey && !isKeyOf(rule, onboardingKey ?? '') ? 'onboarding key' : undefined;
}

const isKeyOf = ({ keyHash }: SdkClientRule, key: string): boolean =>
  keyHash !== null && timingSafeEqual(digestOf(key.trim()), keyHash);

export const listSdkClients = (
  ctx: Pick<AuthContext, 'db'>,
  query: SdkClientQuery,
): ReturnType<typeof listRows> => listRows(ctx.db, query);

export const areMachinesEnabled = (ctx: Pick<AuthContext, 'db'>): Promise<boolean> =>
  areSdkClientsEnabled(ctx.db);

export async function readSdkClient(ctx: Pick<AuthContext, 'db'>, id: number): Promise<SdkClient> {
  const client = await findSdkClient(ctx.db, id);
  if (client === undefined) throw sdkClientNotFound();
  return client;
}

export async function updateSdkClient(
  ctx: AuthContext,
  by: By,
  id: number,
  { name, description }: Pick<SdkClient, 'name' | 'description'>,
): Promise<SdkClient> {
  const client = await readSdkClient(ctx, id);
  const next = { ...client, name, description };
  await changeOnRecord(ctx, by, async tx => {
    await updateRow(tx, next);
    return { type: AUDIT_EVENTS.sdkClientModified, message: told(next) };
  });
  return next;
}

/** For good, and at once: its tokens are refused from now on. */
export async function revokeSdkClient(ctx: AuthContext, by: By, id: number): Promise<void> {
  const client = await readSdkClient(ctx, id);
  await changeOnRecord(ctx, by, async tx => {
    await markRevoked(tx, id, ctx.now());
    await endMachineSessions(ctx, tx, [client.clientId]);
    return { type: AUDIT_EVENTS.sdkClientRevoked, message: told(client) };
  });
}

/** Off: no machine registers or signs in, and what they have is void. */
export async function switchSdkClients(ctx: AuthContext, by: By, isEnabled: boolean): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    await setSdkClientsEnabled(tx, isEnabled);
    if (!isEnabled) await endMachineSessions(ctx, tx, await findClientIds(tx, null));
    return { type: AUDIT_EVENTS.sdkClientsSwitched, message: { enabled: String(isEnabled) } };
  });
}

export const endMachineSessions = (
  ctx: AuthContext,
  tx: Transaction,
  clientIds: readonly string[],
): Promise<string[]> =>
  endSessions(ctx, tx, { clientIds: clientIds.map(clientId => SDK_CLIENT_PREFIX + clientId) });

const told = ({ clientId, name }: Pick<SdkClient, 'clientId' | 'name'>) => ({ clientID: clientId, name });
