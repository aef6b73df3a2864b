import { Choice, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import { accountPath } from '../domain/account-path.ts';
import type { ReadableCheckout } from '../operations/read-checkout.ts';
import type { HostHandle, UsableAccount } from '../store/usable-accounts.ts';

const HostView = Members({
  id: Uuid,
  addresses: Type.Array(Type.String()),
  common_name: Type.String(),
  external_id: Type.String(),
  instance_id: Type.String(),
});

/** Accounts of target domains, which PrivX has beside those of hosts, are not part of this platform. */
const HOST_ACCOUNT = 'host';

const account = {
  path: Type.String(),
  type: Choice(HOST_ACCOUNT),
  username: Type.String(),
  email: Type.String(),
  full_name: Type.String(),
  host: HostView,
  created: Timestamp,
};

export const AccountSecretView = Members({ ...account, updated: Timestamp });

export const CheckoutView = Members({
  id: Uuid,
  ...account,
  expires: Timestamp,
  explicit_checkout: Type.Boolean(),
  secrets: Type.Array(Members({ version: Type.Integer(), secret: Type.String(), created: Timestamp })),
  user_id: Type.String(),
  // Our own: PrivX has no word for a release that waits for its rotation.
  state: Choice('held', 'releasing', 'released'),
  failed_rotations: Type.Integer(),
});

const hostView = (id: string, host: HostHandle | undefined): Static<typeof HostView> => ({
  id,
  addresses: [...(host?.addresses ?? [])],
  common_name: host?.commonName ?? '',
  external_id: host?.externalId ?? '',
  instance_id: host?.instanceId ?? '',
});

/** A person's address and name belong to accounts of directories. */
const NOBODY = { email: '', full_name: '' };

export const accountSecretView = (usable: UsableAccount): Static<typeof AccountSecretView> => ({
  path: accountPath(usable),
  type: HOST_ACCOUNT,
  username: usable.account,
  ...NOBODY,
  host: hostView(usable.hostId, usable),
  created: usable.createdAt.toISOString(),
  updated: usable.updatedAt.toISOString(),
});

export const checkoutView = ({
  checkout,
  host,
  passwords,
}: ReadableCheckout): Static<typeof CheckoutView> => ({
  id: checkout.id,
  path: accountPath(checkout),
  type: HOST_ACCOUNT,
  username: checkout.account,
  ...NOBODY,
  host: hostView(checkout.systemId, host),
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
