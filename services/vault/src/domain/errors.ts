import { duplicateValue, objectNotFound, permissionDenied } from '@strongroom/errors/common-errors';

/** The wording is the contract's: three clients tell "not found" by it (contract 0.5). */
export const secretNotFound = () => objectNotFound('Secret');

export const secretExists = () => duplicateValue('name', 'secret');

export const readRoleRequired = () =>
  permissionDenied('Reading the content of this secret needs one of its read roles');
export const writeRoleRequired = () => permissionDenied('Changing this secret needs one of its write roles');
export const manageRequired = (act: string) => permissionDenied(`${act} needs the permission vault-manage`);
