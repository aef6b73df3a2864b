import {
  Choice,
  Line,
  Members,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import { credentialName } from '../domain/credential-names.ts';
import { keyOfManaged, lockedSince, ROTATION_STATES } from '../domain/managed-account.ts';
import type { RotationOutcome, Trigger } from '../domain/rotation.ts';
import type { ManagedAccountChange } from '../operations/managed-accounts.ts';
import type { ReadableManagedAccount } from '../operations/read-managed-accounts.ts';
import { TARGET_DOMAIN_SECRET } from './checkout-view.ts';
import { Flag, Label, List, OptionalId, withoutNulls } from './wire-types.ts';

/** Managed accounts on the wire (contract 3.5). */

/** In the words of PrivX's published schemas. */
const TRIGGERS = {
  schedule: 'PERIODIC',
  request: 'MANUAL',
  release: 'ONRELEASE',
} as const satisfies Record<Trigger, string>;
/** A rotation fails once its last retry has. */
const STATUSES = {
  succeeded: 'SUCCESS',
  failed: 'MAX_ROTATION_RETRIES_ERROR',
  cancelled: 'ERROR',
} as const satisfies Record<RotationOutcome, string>;

const Handle = Members({ id: Uuid, name: Type.String() });

export const ManagedAccountView = Members({
  id: Uuid,
  username: Type.String(),
  email: Type.String(),
  full_name: Type.String(),
  sam_account_name: Type.String(),
  source_id: Type.String(),
  security_id: Type.String(),
  additional_data: Type.Record(Type.String(), Type.String()),
  target_domain: Handle,
  password_policy: Handle,
  enabled: Type.Boolean(),
  rotation_enabled: Type.Boolean(),
  explicit_checkout: Type.Boolean(),
  state: Choice('MANAGED', 'REMOVED'),
  // Our own: what its password is up to.
  rotation_state: Choice(...ROTATION_STATES),
  // Our own: who may check it out.
  roles: Type.Array(Members({ id: Uuid, name: Type.String(), deleted: Type.Optional(Type.Boolean()) })),
  comment: Type.String(),
  secret_name: Type.String(),
  locked: Type.Boolean({ description: 'Nobody gets it now who has not got it already' }),
  locked_timestamp: Type.Optional(Timestamp),
  rotation_history: Type.Array(
    Members({
      version: Type.Integer({ description: 'Of the secret; 0: none was made' }),
      rotated: Timestamp,
      trigger: Choice(...Object.values(TRIGGERS)),
      status: Choice(...Object.values(STATUSES)),
    }),
  ),
  checkouts: Type.Array(
    Members({
      id: Uuid,
      type: Type.String(),
      user_id: Type.String(),
      created: Timestamp,
      expires: Timestamp,
      explicit_checkout: Type.Boolean(),
      username: Type.String(),
      email: Type.String(),
      full_name: Type.String(),
      target_domain_id: Uuid,
      managed_account_id: Uuid,
      secret_name: Type.String(),
    }),
  ),
  // Our own: how the last change of the password went, and whether the stored one was last seen to open the account.
  last_rotated: Type.Optional(Timestamp),
  last_error: Type.Optional(Timestamp),
  last_error_details: Type.String(),
  heartbeat: Members({ status: Type.String(), details: Type.String(), checked: Type.Optional(Timestamp) }),
  disable_rdp_cert_auth: Type.Boolean(),
  author: Type.String(),
  created: Timestamp,
  updated: Timestamp,
  updated_by: Type.String(),
});

const time = <N extends string>(at: Date | null | undefined, name: N): Partial<Record<N, string>> =>
  at === null || at === undefined ? {} : ({ [name]: at.toISOString() } as Record<N, string>);

/** Times that are not known are left out (contract 0.8). */
export function managedAccountView({
  account,
  history,
  active,
  roleNames,
}: ReadableManagedAccount): Static<typeof ManagedAccountView> {
  const secretName = credentialName(keyOfManaged(account));
  const locked = lockedSince(active, account.maxConcurrent);
  return {
    id: account.id,
    username: account.username,
    email: account.email,
    full_name: account.fullName,
    sam_account_name: account.samAccountName,
    source_id: account.sourceId,
    security_id: account.securityId,
    additional_data: account.additionalData,
    target_domain: { id: account.domainId, name: account.domainName },
    password_policy: { id: account.passwordPolicyId, name: account.policyName },
    enabled: account.enabled,
    rotation_enabled: account.rotationEnabled,
    explicit_checkout: account.explicitCheckout,
    state: account.state,
    rotation_state: account.rotationState,
    roles: account.roles.map(id => {
      const name = roleNames.get(id);
      return name === undefined ? { id, name: '', deleted: true } : { id, name };
    }),
    comment: account.comment,
    secret_name: secretName,
    locked: locked !== undefined,
    ...time(locked, 'locked_timestamp'),
    rotation_history: history.map(({ version, rotated, trigger, outcome }) => ({
      version: version ?? 0,
      rotated: rotated.toISOString(),
      trigger: TRIGGERS[trigger],
      status: STATUSES[outcome],
    })),
    checkouts: active.map(checkout => ({
      id: checkout.id,
      type: TARGET_DOMAIN_SECRET,
      user_id: checkout.userId,
      created: checkout.createdAt.toISOString(),
      expires: checkout.expiresAt.toISOString(),
      explicit_checkout: true,
      username: account.username,
      email: account.email,
      full_name: account.fullName,
      target_domain_id: account.domainId,
      managed_account_id: account.id,
      secret_name: secretName,
    })),
    ...time(account.lastRotated, 'last_rotated'),
    ...time(account.lastError, 'last_error'),
    last_error_details: account.lastErrorDetails,
    heartbeat: {
      status: account.heartbeatStatus,
      details: account.heartbeatDetails,
      ...time(account.heartbeatAt, 'checked'),
    },
    disable_rdp_cert_auth: account.disableRdpCertAuth,
    author: account.createdBy,
    created: account.createdAt.toISOString(),
    updated: account.updatedAt.toISOString(),
    updated_by: account.updatedBy,
  };
}

const settings = {
  password_policy: OrNull(Members({ id: OptionalId })),
  enabled: Flag,
  rotation_enabled: Flag,
  explicit_checkout: Flag,
  disable_rdp_cert_auth: Flag,
  roles: List(Members({ id: Uuid }), 100),
  comment: OrNull(Text(4_096)),
};

/** What clients may say of how accounts are managed. */
export const ManagedAccountSettingsBody = Members(settings);
/** The same, when accounts are taken up; `rotate` has their passwords changed at once. */
export const TakeUpBody = Members({ ...settings, rotate: Flag });

const identity = {
  email: Label,
  full_name: Label,
  sam_account_name: Label,
  source_id: Label,
  security_id: Label,
  additional_data: OrNull(Type.Record(Type.String({ maxLength: 64 }), Line(1_024), { maxProperties: 50 })),
};

/** What clients may say of an account. All else that they echo is the server's own and dropped. */
export const ManagedAccountBody = Members({ username: OrNull(Line(1_024)), ...identity, ...settings });
export const NewManagedAccountBody = Members({
  username: Line(1_024, 1),
  ...identity,
  ...settings,
  rotate: Flag,
});

/** Only what is given. Go's SDK sends empty texts for what is unset, which no name or id can be. */
export function toChange(body: Static<typeof ManagedAccountBody>): ManagedAccountChange {
  const given = withoutNulls(body);
  const policyId = given.password_policy?.id ?? '';
  return definedOnly({
    username: given.username === '' ? undefined : given.username,
    email: given.email,
    fullName: given.full_name,
    samAccountName: given.sam_account_name,
    sourceId: given.source_id === '' ? undefined : given.source_id,
    securityId: given.security_id,
    additionalData: given.additional_data,
    passwordPolicyId: policyId === '' ? undefined : policyId.toLowerCase(),
    enabled: given.enabled,
    rotationEnabled: given.rotation_enabled,
    explicitCheckout: given.explicit_checkout,
    disableRdpCertAuth: given.disable_rdp_cert_auth,
    roles: given.roles?.map(({ id }) => id.toLowerCase()),
    comment: given.comment,
  });
}

function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
