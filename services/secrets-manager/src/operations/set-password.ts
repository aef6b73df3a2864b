import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { SecretsManagerContext } from '../context.ts';
import { onRecord, type AccountKey } from '../domain/account-path.ts';
import { accountNotFound, passwordStoredAtOnce } from '../domain/errors.ts';
import { credentialName } from '../domain/credential-names.ts';
import { findStoredAccount } from '../store/accounts.ts';
import { tagsOf } from './candidate.ts';
import { hurryRotation } from './request-rotation.ts';

/** Rotations write there, too. */
const MAX_ROUNDS = 3;

/** Stores the password that somebody knows the account to have; its system is not asked. */
export async function setPassword(
  ctx: SecretsManagerContext,
  by: By,
  key: AccountKey,
  password: string,
): Promise<void> {
  const stored = await findStoredAccount(ctx.db, key);
  if (stored === undefined) throw accountNotFound();
  const name = credentialName(key);
  let version: number | undefined;
  for (let round = 0; version === undefined; round += 1) {
    if (round === MAX_ROUNDS) throw passwordStoredAtOnce();
    const { version: expectedVersion } = await ctx.vault.read(name);
    version = await ctx.vault.write(name, {
      content: { username: key.account, password },
      expectedVersion,
      tags: tagsOf(stored.systemName),
      idempotencyKey: `told.${ctx.newId()}`,
    });
  }
  await changeOnRecord(ctx, by, async tx => {
    await hurryRotation(ctx, tx, key);
    return {
      type: AUDIT_EVENTS.accountPasswordStored,
      message: { ...onRecord(key), secretVersion: String(version) },
    };
  });
}
