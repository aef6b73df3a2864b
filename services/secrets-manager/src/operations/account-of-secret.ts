import type { SecretsManagerContext } from '../context.ts';
import { PLACES, type AccountKey } from '../domain/account-path.ts';
import { credentialName } from '../domain/credential-names.ts';
import { listRotatedAccounts } from '../store/accounts.ts';

const IN_PLACE = /^(hosts|domains)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;

/**
 * The account whose password vault keeps under this name. Undefined: it is that of none, or its password is not changed
 * any more. Names are made and compared, never taken apart: the longest hold a hash of the account.
 */
export async function accountOfSecret(
  { db }: Pick<SecretsManagerContext, 'db'>,
  name: string,
): Promise<AccountKey | undefined> {
  const [, place, systemId] = IN_PLACE.exec(name) ?? [];
  if (systemId === undefined) return undefined;
  const system = place === PLACES.host ? 'host' : 'domain';
  const accounts = await listRotatedAccounts(db, { system, systemId });
  return accounts
    .map((account): AccountKey => ({ system, systemId, account }))
    .find(key => credentialName(key) === name);
}
