import { Line, Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { User } from '../../domain/user.ts';
import { displayNameOf, emailOf } from '../../domain/user-names.ts';
import type { Account } from '../../operations/accounts.ts';
import { Number32 } from './route-parts.ts';

/**
 * Users on the wire, in exactly the members that PowerShell's classes know (contract secret-server.md 1.5). What the
 * platform has no notion of stands at what the clients take for "none".
 */

/** The one domain there is: users of our own. */
export const LOCAL_DOMAIN = -1;

const When = Type.Union([Type.String(), Type.Null()]);
/** Without an offset, as the product writes times. */
const wireTime = (time: Date | null | undefined): string | null =>
  time === null || time === undefined ? null : time.toISOString().slice(0, -1);

export const UserSummary = Members({
  created: Type.String(),
  displayName: Type.String(),
  domainId: Number32,
  domainName: Type.String(),
  emailAddress: Type.String(),
  enabled: Type.Boolean(),
  externalUserSource: Type.String(),
  id: Number32,
  isApplicationAccount: Type.Boolean(),
  isLockedOut: Type.Boolean(),
  lastLogin: When,
  loginFailures: Type.Integer(),
  userName: Type.String(),
  twoFactorMethod: Type.String(),
  platformIntegrationType: Type.String(),
});

export const userSummary = (account: Account): Static<typeof UserSummary> => ({
  ...shared(account),
  created: account.user.createdAt.toISOString().slice(0, -1),
  domainName: 'Local',
  twoFactorMethod: secondFactorOf(account.user),
});

const secondFactorOf = (user: User): string => {
  if (user.totpConfirmedAt !== null) return 'OATH';
  return user.hasPasskeys ? 'FIDO' : 'None';
};

const shared = ({ user, lastSignInAt, failures, isBlocked }: Account) => ({
  displayName: displayNameOf(user),
  domainId: LOCAL_DOMAIN,
  emailAddress: emailOf(user),
  enabled: !user.isDisabled,
  externalUserSource: 'None',
  id: user.number,
  isApplicationAccount: user.isApplication,
  isLockedOut: isBlocked,
  lastLogin: wireTime(lastSignInAt),
  loginFailures: failures,
  userName: user.username,
  platformIntegrationType: 'None',
});

const flags = <const T extends string>(...names: T[]) =>
  Object.fromEntries(names.map(name => [name, Type.Boolean()])) as Record<T, ReturnType<typeof Type.Boolean>>;

export const UserView = Members({
  adAccountExpires: When,
  adGuid: Type.String(),
  created: Type.String(),
  dateOptionId: Number32,
  displayName: Type.String(),
  domainId: Number32,
  emailAddress: Type.String(),
  externalUserSource: Type.String(),
  id: Number32,
  ipAddressRestrictions: Type.String(),
  lastLogin: When,
  lastSessionActivity: When,
  lockOutReason: Type.String(),
  lockOutReasonDescription: Type.String(),
  loginFailures: Type.Integer(),
  passwordLastChanged: When,
  personalGroupId: Number32,
  platformIntegrationType: Type.String(),
  radiusUserName: Type.String(),
  resetSessionStarted: When,
  slackId: Number32,
  timeOptionId: Number32,
  unixAuthenticationMethod: Type.String(),
  userLcid: Number32,
  userName: Type.String(),
  verifyEmailSentDate: When,
  ...flags(
    'duoTwoFactor',
    'enabled',
    'fido2TwoFactor',
    'isApplicationAccount',
    'isEmailCopiedFromAD',
    'isEmailVerified',
    'isLockedOut',
    'mustVerifyEmail',
    'oathTwoFactor',
    'oathVerified',
    'platformServiceUser',
    'radiusTwoFactor',
    'twoFactor',
  ),
});

export function userView(account: Account): Static<typeof UserView> {
  const { user, isBlocked } = account;
  const hasTotp = user.totpConfirmedAt !== null;
  return {
    ...shared(account),
    adAccountExpires: null,
    adGuid: '',
    created: user.createdAt.toISOString().slice(0, -1),
    dateOptionId: -1,
    duoTwoFactor: false,
    fido2TwoFactor: user.hasPasskeys,
    ipAddressRestrictions: '',
    isEmailCopiedFromAD: false,
    isEmailVerified: false,
    lastSessionActivity: null,
    lockOutReason: isBlocked ? 'LoginFailures' : 'None',
    lockOutReasonDescription: isBlocked ? 'Too many failed sign-ins lately' : '',
    mustVerifyEmail: false,
    oathTwoFactor: hasTotp,
    oathVerified: hasTotp,
    passwordLastChanged: wireTime(user.passwordSetAt),
    personalGroupId: 0,
    platformServiceUser: false,
    radiusTwoFactor: false,
    radiusUserName: '',
    resetSessionStarted: null,
    slackId: 0,
    timeOptionId: -1,
    twoFactor: user.mfaRequired || hasTotp || user.hasPasskeys,
    unixAuthenticationMethod: 'Password',
    userLcid: 0,
    verifyEmailSentDate: null,
  };
}

const Flag = OrNull(Type.Boolean());

export const NewUser = Members({
  userName: Line(256, 1),
  displayName: OrNull(Line(512)),
  emailAddress: OrNull(Line(512)),
  password: OrNull(Line(1_024)),
  enabled: Flag,
  isApplicationAccount: Flag,
  domainId: OrNull(Number32),
  duoTwoFactor: Flag,
  fido2TwoFactor: Flag,
  oathTwoFactor: Flag,
  radiusTwoFactor: Flag,
  twoFactor: Flag,
});

/** What a PUT of the whole object changes; all else in it is read-only and passed over. */
export const ChangedUser = Members({
  userName: OrNull(Line(256, 1)),
  displayName: OrNull(Line(512)),
  emailAddress: OrNull(Line(512)),
  enabled: Flag,
  isApplicationAccount: Flag,
});

/** The same by PATCH, each with a mark that it is meant. */
const dirty = <T extends ReturnType<typeof Line> | ReturnType<typeof Type.Boolean>>(value: T) =>
  OrNull(Members({ dirty: Flag, value: OrNull(value) }));
const PATCHES = {
  userName: dirty(Line(256, 1)),
  displayName: dirty(Line(512)),
  emailAddress: dirty(Line(512)),
  enabled: dirty(Type.Boolean()),
};
export const PatchedUser = Members({ ...PATCHES, data: OrNull(Members(PATCHES)) });

const meant = <T>(change: { dirty?: boolean | null; value?: T | null } | null | undefined) =>
  change?.dirty === true ? (change.value ?? undefined) : undefined;

export function changesOf({ data, ...rest }: Static<typeof PatchedUser>): Static<typeof ChangedUser> {
  const patches = data ?? rest;
  return {
    userName: meant(patches.userName) ?? null,
    displayName: meant(patches.displayName) ?? null,
    emailAddress: meant(patches.emailAddress) ?? null,
    enabled: meant(patches.enabled) ?? null,
  };
}

export const CurrentUser = Members({
  adminLinks: Type.Array(Type.Object({})),
  dateOptionId: Number32,
  displayName: Type.String(),
  emailAddress: Type.String(),
  id: Number32,
  permissions: Type.Array(Members({ name: Type.String() })),
  profileLinks: Type.Array(Type.Object({})),
  timeOptionId: Number32,
  userLcid: Number32,
  userName: Type.String(),
  userTheme: Type.String(),
});

export const currentUser = (
  user: Pick<User, 'number' | 'username' | 'document'>,
  permissions: Iterable<string>,
): Static<typeof CurrentUser> => ({
  adminLinks: [],
  dateOptionId: -1,
  displayName: displayNameOf(user),
  emailAddress: emailOf(user),
  id: user.number,
  permissions: [...permissions].sort().map(name => ({ name })),
  profileLinks: [],
  timeOptionId: -1,
  userLcid: 0,
  userName: user.username,
  userTheme: '',
});
