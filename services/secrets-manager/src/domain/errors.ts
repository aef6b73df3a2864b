import { AppError } from '@strongroom/errors/app-error';
import { duplicateValue, objectNotFound, permissionDenied } from '@strongroom/errors/common-errors';

export const passwordPolicyNotFound = () => objectNotFound('Password policy');
export const passwordPolicyExists = () => duplicateValue('name', 'password policy');

export const scriptTemplateNotFound = () => objectNotFound('Script template');
export const scriptTemplateExists = () => duplicateValue('name', 'script template');

export const hostNotFound = () => objectNotFound('Host');
export const hostExists = () => duplicateValue('external_id', 'host');
export const accountNotFound = () => objectNotFound('Account');
export const hostSecretNotFound = () => objectNotFound('Host secret');

export const whitelistNotFound = () => objectNotFound('Whitelist');
export const whitelistExists = () => duplicateValue('name', 'whitelist');

export const targetDomainNotFound = () => objectNotFound('Target domain');
export const targetDomainExists = () => duplicateValue('name', 'target domain');
export const scannedAccountNotFound = () => objectNotFound('Account');

export const checkoutNotFound = () => objectNotFound('Checkout');
export const connectionNotFound = () => objectNotFound('Connection');
export const accountInUse = () =>
  new AppError({
    kind: 'conflict',
    code: 'ACCOUNT_IN_USE',
    message: 'The account is checked out as often as its policy allows, or its password is being changed',
  });

const inUse = (what: string) =>
  new AppError({ kind: 'conflict', code: 'INVALID_REQUEST_DATA', message: `A host still uses this ${what}` });
export const passwordPolicyInUse = () => inUse('password policy');
export const scriptTemplateInUse = () => inUse('script template');
export const whitelistInUse = () => inUse('whitelist');

export const passwordPolicyInUseByDomain = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'A target domain still uses this password policy',
  });

export const domainDisabled = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The target domain is disabled; it is not looked through until it is enabled',
  });

export const rotationUnderWay = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'A password of an account is being changed; once that is settled it can be deleted',
  });

export const accountDisabled = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The account, or what it is on, is disabled; its password is not changed until it is enabled',
  });

export const passwordStoredAtOnce = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The password was stored by others at the same time; look at it and try again',
  });

export const notDeployable = () =>
  permissionDenied('This host exists and is not deployable; changing it needs the permission hosts-manage');

export const ambiguousHost = () =>
  new AppError({
    kind: 'conflict',
    code: 'VALUE_DUPLICATE',
    message: 'Several hosts have one of these addresses; an external_id tells them apart',
    property: 'addresses',
  });

export const notCheckedOut = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The caller has not checked the account out',
  });

export const followsNoAccount = () =>
  new AppError({
    kind: 'invalid',
    code: 'INVALID_REQUEST_DATA',
    message: 'The secret is not the password of an account that is rotated',
  });

export const changeGoesOn = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'A change of a password that was asked for is carried out and cannot be stopped',
  });

export const accountBusy = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The password of this account is being changed or looked at, or waits for that',
  });

export const accountAtRest = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The account, or what it is on, is disabled, or the account is not rotated',
  });

export const managedAccountNotFound = () => objectNotFound('Managed account');
export const managedAccountExists = (property: string) => duplicateValue(property, 'managed account');

export const passwordPolicyInUseByAccount = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'A managed account still uses this password policy',
  });

export const rotationDisabled = () =>
  new AppError({
    kind: 'conflict',
    code: 'INVALID_REQUEST_DATA',
    message: 'The passwords of accounts whose rotation is switched off are not changed',
  });
