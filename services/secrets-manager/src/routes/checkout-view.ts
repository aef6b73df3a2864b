import { Choice, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import { accountPath, type AccountKey } from '../domain/account-path.ts';
import type { ReadableCheckout } from '../operations/read-checkout.ts';
import type { AccountHandle, UsableAccount } from '../store/usable-accounts.ts';

const HostView = Members({
  id: Uuid,
  addresses: Type.Array(Type.String()),
  common_name: Type.String(),
  external_id: Type.String(),
  instance_id: Type.String(),
});

const TargetDomainView = Members({ id: Uuid, name: Type.String() });

/** In the words of PrivX's published schemas. */
const HOST_SECRET = 'HOST_SECRET' as const;
export const TARGET_DOMAIN_SECRET = 'TARGET_DOMAIN_SECRET' as const;

const account = {
  path: Type.String(),
  type: Choice(HOST_SECRET, TARGET_DOMAIN_SECRET),
  username: Type.String(),
  email: Type.String(),
  full_name: Type.String(),
  // One of the two, as the type says.
  host: Type.Optional(HostView),
  target_domain: Type.Optional(TargetDomainView),
};

export const AccountSecretView = Members({ ...account, created: Timestamp, updated: Timestamp });

export const CheckoutView = Members({
  id: Uuid,
  ...account,
  managed_account_id: Type.Optional(Uuid),
  created: Timestamp,
  expires: Timestamp,
  explicit_checkout: Type.Boolean(),
  secrets: Type.Array(Members({ version: Type.Integer(), secret: Type.String(), created: Timestamp })),
  user_id: Type.String(),
  // Our own: PrivX has no word for a release that waits for its rotation.
  state: Choice('held', 'releasing', 'released'),
  failed_rotations: Type.Integer(),
});

/** `handle` undefined: what the account was on was deleted since. */
const accountView = (key: AccountKey, handle: AccountHandle | undefined) => ({
  path: accountPath(key),
  username: key.account,
  email: handle?.email ?? '',
  full_name: handle?.fullName ?? '',
  ...(key.system === 'host'
    ? {
        type: HOST_SECRET,
        host: {
          id: key.systemId,
          addresses: [...(handle?.addresses ?? [])],
          common_name: handle?.systemName ?? '',
          external_id: handle?.externalId ?? '',
          instance_id: handle?.instanceId ?? '',
        },
      }
    : {
        type: TARGET_DOMAIN_SECRET,
        target_domain: { id: key.systemId, name: handle?.systemName ?? '' },
      }),
});

export const accountSecretView = (usable: UsableAccount): Static<typeof AccountSecretView> => ({
  ...accountView(usable, usable),
  created: usable.createdAt.toISOString(),
  updated: usable.updatedAt.toISOString(),
});

export const checkoutView = ({
  checkout,
  handle,
  passwords,
}: ReadableCheckout): Static<typeof CheckoutView> => ({
  id: checkout.id,
  ...accountView(checkout, handle),
  ...(handle === undefined || handle.managedAccountId === null
    ? {}
    : { managed_account_id: handle.managedAccountId }),
  created: checkout.createdAt.toISOString(),
  expires: checkout.expiresAt.toISOString(),
  explicit_checkout: true,
  secrets: passwords.map(({ version, password, createdAt }) => ({
    version,
    secret: password,
    created: createdAt.toISOString(),
  })),
  user_id: checkout.userId,
  state: checkout.state,
  failed_rotations: checkout.failedRotations,
});
