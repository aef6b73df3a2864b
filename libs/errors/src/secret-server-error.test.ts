import { describe, expect, test } from '@jest/globals';
import { AppError, type ErrorKind } from './app-error.ts';
import {
  invalidField,
  NotServedError,
  objectNotFound,
  permissionDenied,
  tooManyRequests,
  unauthenticated,
} from './common-errors.ts';
import { toAppError } from './error-body.ts';
import { OAuthError } from './oauth-error.ts';
import { secretServerError, secretServerRefusal } from './secret-server-error.ts';

const KINDS: ErrorKind[] = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'precondition_failed',
  'too_large',
  'rate_limited',
  'unavailable',
  'internal',
];

describe('errors in the words of Secret Server', () => {
  test('absent and forbidden are one answer, which every client knows as either', () => {
    const absent = secretServerError(objectNotFound('Secret'));
    expect(secretServerError(permissionDenied())).toEqual(absent);
    expect(absent.status).toBe(404);
    expect(absent.body['errorCode']).toBe('API_AccessDenied');
    expect(absent.body['message']).toMatch(/Access Denied.*not found/);
  });

  test('a path that nobody serves is no object', () => {
    expect(secretServerError(new NotServedError())).toEqual({
      status: 404,
      body: { message: 'Resource not found' },
    });
  });

  test('a bad request names what is wrong with which member', () => {
    expect(secretServerError(invalidField('items.0.itemValue', 'must be text'))).toEqual({
      status: 400,
      body: {
        message: 'must be text',
        errorCode: 'API_InvalidRequestData',
        modelState: { 'items.0.itemValue': ['must be text'] },
      },
    });
  });

  test('the token endpoint answers 400 and a text', () => {
    expect(secretServerError(new OAuthError('invalid_client', 'Login failed.'))).toEqual({
      status: 400,
      body: { error: 'Login failed.' },
    });
  });

  test.each([
    [unauthenticated(), 401],
    [tooManyRequests('Too many', 3), 429],
    [toAppError(new Error('a canary')), 500],
  ])('%s', (error, status) => {
    const answer = secretServerError(error);
    expect(answer.status).toBe(status);
    expect(answer).toEqual(secretServerRefusal(status, error.message));
    expect(JSON.stringify(answer)).not.toContain('canary');
  });

  test.each(KINDS)('%s has a message and no member of another dialect', kind => {
    const { body } = secretServerError(new AppError({ kind, code: 'A_CODE', message: 'text' }));
    expect(typeof body['message']).toBe('string');
    expect(Object.keys(body).filter(name => name.includes('_'))).toEqual([]);
  });
});
