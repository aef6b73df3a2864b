import type { SecretsManagerContext } from '../context.ts';
import type { AccountKey } from '../domain/account-path.ts';
import { credentialName } from '../domain/credential-names.ts';
import { accountObjectId, openColumn } from '../domain/sealed-column.ts';
import { findStoredAccount } from '../store/accounts.ts';

export interface CurrentPassword {
  /** Undefined: nobody has told it. */
  readonly password: string | undefined;
  /** Its version in vault; 0: it is the one that came with the host. */
  readonly version: number;
}

/** The password that an account has as far as is known: the newest in vault, else the one that came with its host. */
export async function readCurrentPassword(
  ctx: Pick<SecretsManagerContext, 'db' | 'keyring' | 'vault'>,
  key: AccountKey,
): Promise<CurrentPassword> {
  const { version, content } = await ctx.vault.read(credentialName(key));
  if (content?.['password'] !== undefined) return { password: content['password'], version };
  const stored = await findStoredAccount(ctx.db, key);
  const sealed = stored?.sealedInitialPassword ?? null;
  if (sealed === null) return { password: undefined, version };
  const column = { table: 'accounts', field: 'initial_password' } as const;
  return {
    password: await openColumn(ctx.keyring, column, accountObjectId(key), sealed),
    version,
  };
}
