import type { AccountKey } from '../domain/account-path.ts';
import { NotRotatable } from '../domain/rotation-failure.ts';
import { inOrder, isLdap, type Endpoint } from '../domain/target-domain.ts';
import type { StoredAccount } from '../store/accounts.ts';
import { findManagedIdentity } from '../store/managed-accounts.ts';
import { findPasswordPolicy } from '../store/password-policies.ts';
import { findTargetDomain } from '../store/target-domains.ts';
import { accountFilter } from '../targets/account-filter.ts';
import { ldapPlace } from '../targets/ldap-place.ts';
import { TargetError } from '../targets/target-error.ts';
import type { TargetDescription } from '../targets/target.ts';
import type { DescribedAccount, Describing } from './described-account.ts';
import { openEndpointSecrets } from './endpoint-secrets.ts';

/**
 * An account in a directory. Its password is set and proved at one endpoint alone, that of the first priority: another
 * may not have heard yet what the first was told, and would refuse the right password.
 */
export async function describeInDomain(
  ctx: Describing,
  key: AccountKey,
  stored: StoredAccount,
): Promise<DescribedAccount | undefined> {
  const [domain, identity] = await Promise.all([
    findTargetDomain(ctx.db, key.systemId),
    findManagedIdentity(ctx.db, key),
  ]);
  if (domain === undefined || identity === undefined) return undefined;
  const policy = await findPasswordPolicy(ctx.db, identity.passwordPolicyId);
  const secrets = await openEndpointSecrets(ctx.keyring, domain);
  const [first] = inOrder(domain.endpoints, 'rotation_priority');
  if (policy === undefined) return undefined;
  const name = first?.endpoint.ldap_bind_dn ?? '';
  const password = (first && secrets[first.index]?.ldap_bind_password) ?? '';
  const signIn = name === '' ? undefined : { name, password };
  return {
    key,
    systemName: stored.systemName,
    target:
      first === undefined || !isLdap(first.endpoint)
        ? { kind: 'refused', reason: 'unsupported' }
        : describeTarget(first.endpoint, signIn, {
            username: key.account,
            sourceId: identity.sourceId,
            mapping: first.endpoint.attribute_mapping ?? {},
            userFilter: first.endpoint.ldap_user_filter ?? '',
          }),
    trustsFirstKey: false,
    policy,
    script: undefined,
    mayBegin: stored.isRotated && stored.isEnabled,
    authority(current) {
      if (signIn !== undefined) {
        const credential = { kind: 'password', password: signIn.password } as const;
        return Promise.resolve({ kind: 'main', account: signIn.name, credential });
      }
      if (current === undefined) return Promise.reject(new NotRotatable('password-unknown'));
      return Promise.resolve({ kind: 'self', currentPassword: current });
    },
  };
}

function describeTarget(
  endpoint: Endpoint,
  signIn: { readonly name: string; readonly password: string } | undefined,
  sought: Parameters<typeof accountFilter>[0],
): TargetDescription {
  try {
    return {
      kind: 'directory',
      ...ldapPlace(endpoint),
      baseDn: endpoint.ldap_base_dn ?? '',
      ...(signIn === undefined ? {} : { signIn }),
      filter: accountFilter(sought),
    };
  } catch (error) {
    if (error instanceof TargetError) return { kind: 'refused', reason: error.reason };
    throw error;
  }
}
