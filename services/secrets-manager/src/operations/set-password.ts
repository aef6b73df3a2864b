import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { accountNotFound, passwordStoredAtOnce } from '../domain/errors.ts';
import { credentialName } from '../domain/credential-names.ts';
import { findStoredAccount } from '../store/accounts.ts';
import { findHost } from '../store/hosts.ts';
import { tagsOf } from './candidate.ts';
import { hurryRotation } from './request-rotation.ts';

/** Rotations write there, too. */
const MAX_ROUNDS = 3;

/** Stores the password that somebody knows the account to have; the host is not asked. */
export async function setPassword(
  ctx: SecretsManagerContext,
  by: By,
  hostId: string,
  account: string,
  password: string,
): Promise<void> {
  const host = await findHost(ctx.db, hostId);
  const stored = await findStoredAccount(ctx.db, hostId, account);
  if (host === undefined || stored === undefined) throw accountNotFound();
  const name = credentialName(hostId, account);
  let version: number | undefined;
  for (let round = 0; version === undefined; round += 1) {
    if (round === MAX_ROUNDS) throw passwordStoredAtOnce();
    const { version: expectedVersion } = await ctx.vault.read(name);
    version = await ctx.vault.write(name, {
      content: { username: account, password },
      expectedVersion,
      tags: tagsOf(host.document.common_name ?? ''),
      idempotencyKey: `told.${ctx.newId()}`,
    });
  }
  await changeOnRecord(ctx, by, async tx => {
    await hurryRotation(ctx, tx, hostId, account);
    return {
      type: AUDIT_EVENTS.accountPasswordStored,
      message: { hostID: hostId, account, secretVersion: String(version) },
    };
  });
}
