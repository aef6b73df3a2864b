import { AppError } from '@strongroom/errors/app-error';
import {
  badRequest,
  duplicateValue,
  invalidField,
  objectNotFound,
  permissionDenied,
  unauthenticated,
} from '@strongroom/errors/common-errors';

export const roleNotFound = () => objectNotFound('Role');
export const roleExists = () => duplicateValue('name', 'role');
export const systemRole = () => permissionDenied('A system role can be neither renamed nor deleted');

export const apiClientNotFound = () => objectNotFound('API client');
export const apiClientExists = () => duplicateValue('name', 'API client');

export const sessionNotFound = () => objectNotFound('Session');
export const notRenewable = () => badRequest('The session is not renewed by its use');
export const sourceNotFound = () => objectNotFound('Source');
export const sourceExists = () => duplicateValue('name', 'source');
export const localSource = () =>
  permissionDenied(
    'The source of local users can be neither renamed, disabled, deleted nor given another type',
  );
export const sourceInUse = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The source still has people; delete them first',
  });

export const identityProviderNotFound = () => objectNotFound('Identity provider');
export const identityProviderExists = () => duplicateValue('name', 'identity provider');
export const identityProviderAmbiguous = () => duplicateValue('jwt_audience', 'enabled identity provider');
export const identityProviderGuard = () =>
  permissionDenied('An identity provider vouches for everybody: changing one needs all permissions');

export const trustedClientNotFound = () => objectNotFound('Trusted client');
export const trustedClientExists = () => duplicateValue('name', 'trusted client');

export const idpClientNotFound = () => objectNotFound('Application');
export const idpClientExists = () => duplicateValue('name', 'application');
export const sdkClientRuleNotFound = () => objectNotFound('SDK client rule');
export const sdkClientRuleExists = () => duplicateValue('name', 'SDK client rule');
export const sdkClientNotFound = () => objectNotFound('SDK client');
/** One error for whatever a machine lacks: its rule, its address, its key, a switch that is off. */
export const registrationRefused = () =>
  badRequest(
    'The machine cannot be registered: no rule of this name admits it from its address with this key',
  );
export const onboardingKeyShown = () =>
  badRequest('The onboarding key was shown when it was made, and is not kept; make a new one by POST');
export const noApplicationAccount = () =>
  invalidField('userId', 'Machines act as an application account; this is none');
export const noAddressList = () =>
  invalidField('details', 'Addresses and CIDR blocks apart by commas are wanted, 250 characters at most');
export const apiKeyNotFound = () => objectNotFound('API key');
export const noProgram = () =>
  invalidField('subject_id', 'An application account or an API client is wanted');
export const noNetwork = (place: number) =>
  invalidField(`networks.${place}`, 'An address or a CIDR block is wanted');
export const apiKeyEnded = () => invalidField('expires_at', 'An RFC 3339 time to come is wanted');
/** One answer for everything that can be wrong about an API key. */
export const apiKeyRefused = () => unauthenticated('The API key or its user is not admitted');
export const passkeyNotFound = () => objectNotFound('Passkey');
export const passkeyExists = () => duplicateValue('response', 'passkey');
export const tooManyPasskeys = () =>
  new AppError({
    kind: 'conflict',
    code: 'OUT_OF_RESOURCES',
    message: 'There are as many passkeys as a person may have',
  });
export const passkeyRefused = () => invalidField('response', 'The passkey cannot be accepted');
export const passkeysUnavailable = () =>
  new AppError({
    kind: 'invalid',
    code: 'FEATURE_DISABLED',
    message: 'Passkeys need a host name: browsers refuse them where the address is an IP address',
  });

export const totpNotFound = () => objectNotFound('Authenticator app');
export const totpExists = () =>
  new AppError({
    kind: 'conflict',
    code: 'VALUE_DUPLICATE',
    message: 'An authenticator app is set up already; remove it first',
  });
export const wrongCode = () => invalidField('code', 'The code is wrong', 'VALUE_INCORRECT_FORMAT');
export const noSecondFactor = () =>
  new AppError({
    kind: 'conflict',
    code: 'SECOND_FACTOR_MISSING',
    message: 'Recovery codes stand in for a second factor; set one up first',
  });

/** RFC 9470's case, as a refusal in the shape that PrivX clients read. */
export const stepUpRequired = () =>
  new AppError({
    kind: 'forbidden',
    code: 'STEP_UP_REQUIRED',
    message: 'More recent authentication is required: sign in again',
  });

export const userNotFound = () => objectNotFound('User');
export const userExists = () => duplicateValue('username', 'user');
export const accountKindStays = () =>
  invalidField('application_account', 'A person does not become an application account, nor the other way');
export const reservedUsername = () => invalidField('username', 'This user name is reserved');
export const lastAdministrator = () =>
  permissionDenied('The last administrator can be neither deleted nor disabled, nor lose that role');
export const strongerPerson = () =>
  permissionDenied('The caller lacks a permission that this person has or would get');
export const ownPassword = () =>
  permissionDenied('People change their own password with the current one, at /auth/api/v1/password');
export const peopleOnly = () => permissionDenied('Only people who are signed in themselves may do this');
export const samePassword = (property: string) =>
  invalidField(property, 'The new password must differ from the current one');
/** One error for a token that is unknown, used, void or expired. */
export const resetRefused = () => invalidField('token', 'The token is unknown, was used or has expired');

export const signInLimited = (retryAfterSeconds: number) =>
  new AppError({
    kind: 'rate_limited',
    code: 'MAX_LOAD',
    message: 'Too many failed sign-ins; try again later',
    retryAfterSeconds,
  });

export const adminRole = () =>
  permissionDenied('The role of administrators keeps all permissions, at any time and place');
export const principalKeyNotFound = () => objectNotFound('Principal key');
export const authorizedKeyNotFound = () => objectNotFound('Authorized key');
export const authorizedKeyExists = () => duplicateValue('public_key', 'authorized key');
