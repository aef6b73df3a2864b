import { duplicateValue, objectNotFound } from '@strongroom/errors/common-errors';

export const passwordPolicyNotFound = () => objectNotFound('Password policy');
export const passwordPolicyExists = () => duplicateValue('name', 'password policy');

export const scriptTemplateNotFound = () => objectNotFound('Script template');
export const scriptTemplateExists = () => duplicateValue('name', 'script template');
