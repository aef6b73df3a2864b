import { duplicateValue, objectNotFound, permissionDenied } from '@strongroom/errors/common-errors';

export const roleNotFound = () => objectNotFound('Role');
export const roleExists = () => duplicateValue('name', 'role');
export const systemRole = () => permissionDenied('A system role can be neither renamed nor deleted');

export const apiClientNotFound = () => objectNotFound('API client');
export const apiClientExists = () => duplicateValue('name', 'API client');
