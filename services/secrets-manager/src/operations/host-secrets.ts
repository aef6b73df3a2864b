import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { hostNotFound, hostSecretNotFound } from '../domain/errors.ts';
import type { Account, HostSecret } from '../domain/host-secret.ts';
import { deleteHostSecret as deleteRow, findAccounts, findHostSecret } from '../store/host-secrets.ts';
import { lockHost } from '../store/hosts.ts';
import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { told } from './hosts.ts';
import { requireSettled } from './require-settled.ts';
import { keepHostSecret, type HostSecretInput } from './keep-host-secret.ts';

export interface ReadableHostSecret {
  readonly secret: HostSecret;
  readonly accounts: readonly Account[];
}

export async function readHostSecret(
  ctx: Pick<SecretsManagerContext, 'db'>,
  hostId: string,
): Promise<ReadableHostSecret> {
  const secret = await findHostSecret(ctx.db, hostId);
  if (secret === undefined) throw hostSecretNotFound();
  return { secret, accounts: await findAccounts(ctx.db, [hostId]) };
}

/** Stores how passwords on the host are changed, apart from the host itself. */
export async function putHostSecret(
  ctx: SecretsManagerContext,
  by: By,
  hostId: string,
  input: HostSecretInput,
): Promise<void> {
  await changeSealedOnRecord(ctx, by, async tx => {
    const host = await lockHost(tx, hostId);
    if (host === undefined) throw hostNotFound();
    await keepHostSecret(ctx, tx, by, hostId, input);
    return { type: AUDIT_EVENTS.hostSecretStored, message: told(host) };
  });
}

export async function deleteHostSecret(ctx: SecretsManagerContext, by: By, hostId: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const host = await lockHost(tx, hostId);
    if (host !== undefined) await requireSettled(tx, hostId);
    if (host === undefined || !(await deleteRow(tx, hostId))) throw hostSecretNotFound();
    return { type: AUDIT_EVENTS.hostSecretRemoved, message: told(host) };
  });
}
