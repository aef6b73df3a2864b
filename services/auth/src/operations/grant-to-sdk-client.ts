import { timingSafeEqual } from 'node:crypto';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { OAuthError } from '@strongroom/errors/oauth-error';
import type { AuthContext } from '../context.ts';
import { SDK_CLIENT_PREFIX, sdkClient } from '../domain/oauth-client.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { admitsAddress, type RuleUser, type SdkClient } from '../domain/sdk-client.ts';
import { isUuid } from '../domain/uuid.ts';
import { areSdkClientsEnabled, findSdkClientByClientId } from '../store/sdk-clients.ts';
import { lockRights } from '../store/sessions.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';

/** One error for all that can be wrong. `invalid_client` would be 401, which the clients do not expect here. */
const machineRefused = () =>
  new OAuthError('invalid_grant', 'The machine is not registered, or not admitted');

/**
 * A registered machine gets a token of its rule's account, which holds at the address that asked (contract
 * secret-server.md 9). The rule is asked each time: what it no longer admits gets no new token.
 */
export async function grantToSdkClient(
  ctx: AuthContext,
  request: RequestInfo,
  credentials: { readonly id: string; readonly secret: string },
): Promise<IssuedTokens> {
  const outcome = await ctx.db.transaction(async tx => {
    // Whoever revokes takes this lock alone: no token slips through beside it.
    await lockRights(tx, 'shared');
    const machine = await authenticateMachine(tx, credentials);
    if (machine === undefined) return { reason: 'credentials' };
    const { user } = machine.rule;
    const reason = await refusalOf(tx, machine, request.remoteAddress);
    if (reason !== undefined || user === null) return { reason: reason ?? 'account', machine };
    const issued = await openMachineSession(ctx, tx, request, machine, user);
    return issued ?? { reason: 'account', machine };
  });
  if ('accessToken' in outcome) {
    ctx.ring();
    return outcome;
  }
  const { reason, machine } = outcome;
  await ctx.audit.write({
    type: AUDIT_EVENTS.sdkClientRefused,
    request,
    message: { reason, ...(machine === undefined ? {} : { clientID: machine.clientId, name: machine.name }) },
  });
  throw machineRefused();
}

async function authenticateMachine(
  db: Queryable,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<SdkClient | undefined> {
  const clientId = id.toLowerCase().startsWith(SDK_CLIENT_PREFIX) ? id.slice(SDK_CLIENT_PREFIX.length) : '';
  const machine = isUuid(clientId) ? await findSdkClientByClientId(db, clientId) : undefined;
  return machine !== undefined && timingSafeEqual(digestOf(secret), machine.secretHash) ? machine : undefined;
}

async function refusalOf(db: Queryable, machine: SdkClient, address: string): Promise<string | undefined> {
  if (machine.revokedAt !== null) return 'revoked';
  if (!(await areSdkClientsEnabled(db))) return 'turned off';
  return admitsAddress(machine.rule, address) ? undefined : 'address';
}

/** Undefined: the account is disabled. */
function openMachineSession(
  ctx: AuthContext,
  tx: Queryable,
  request: RequestInfo,
  machine: SdkClient,
  user: RuleUser,
): Promise<IssuedTokens | undefined> {
  return openSession(
    ctx,
    tx,
    request,
    sdkClient(machine.clientId),
    {
      id: ctx.newId(),
      subject: { kind: 'user', id: user.id },
      scope: '',
      authTime: ctx.now(),
      authMethods: [],
    },
    { type: 'client_credentials', nonce: '' },
  );
}
