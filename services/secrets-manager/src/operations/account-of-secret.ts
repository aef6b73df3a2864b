import type { SecretsManagerContext } from '../context.ts';
import type { AccountKey } from '../domain/account-path.ts';
import { credentialName } from '../domain/credential-names.ts';
import { listRotatedAccounts } from '../store/accounts.ts';

const IN_PLACE = /^hosts\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;

/**
 * The account whose password vault keeps under this name. Undefined: it is that of none, or its password is not changed
 * any more. Names are made and compared, never taken apart: the longest hold a hash of the account.
 */
export async function accountOfSecret(
  { db }: Pick<SecretsManagerContext, 'db'>,
  name: string,
): Promise<AccountKey | undefined> {
  const hostId = IN_PLACE.exec(name)?.[1];
  if (hostId === undefined) return undefined;
  const accounts = await listRotatedAccounts(db, hostId);
  const account = accounts.find(each => credentialName(hostId, each) === name);
  return account === undefined ? undefined : { hostId, account };
}
