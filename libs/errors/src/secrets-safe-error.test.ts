import { expect, test } from '@jest/globals';
import {
  duplicateValue,
  objectNotFound,
  permissionDenied,
  tooLarge,
  unauthenticated,
} from './common-errors.ts';
import { secretsSafeError } from './secrets-safe-error.ts';

test.each([
  [objectNotFound('Secret'), 404],
  [permissionDenied(), 403],
  [unauthenticated(), 401],
  [duplicateValue('name', 'secret'), 409],
  [tooLarge('The file is too large'), 400],
])('%s is %i, and its message is all that is told', (error, status) => {
  expect(secretsSafeError(error)).toEqual({ status, body: { error: error.message } });
});
