import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError, hasErrorCode, type ErrorKind } from './app-error.ts';
import { invalidFields, objectNotFound } from './common-errors.ts';
import { errorBody, fromErrorBody, statusOf, toAppError } from './error-body.ts';

const STATUSES: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
};

const appError = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(STATUSES) as ErrorKind[])),
    code: fc.stringMatching(/^[A-Z_]{1,30}$/),
    message: fc.string(),
    property: fc.option(fc.string(), { nil: undefined }),
  })
  .map(options => new AppError(options));

describe('the wire form of an error', () => {
  test.each(Object.entries(STATUSES))('%s answers with %i', (kind, status) => {
    expect(statusOf(new AppError({ kind: kind as ErrorKind, code: 'X', message: '' }))).toBe(status);
  });

  test('an error read back from its own body is the same error', () => {
    fc.assert(
      fc.property(appError, error => {
        const body: unknown = JSON.parse(JSON.stringify(errorBody(error, 'request-1')));
        const { kind, code, message, property } = fromErrorBody(statusOf(error), body);
        expect({ kind, code, message, property }).toEqual({
          kind: error.kind,
          code: error.code,
          message: error.message,
          property: error.property,
        });
      }),
    );
  });

  test('the first broken field stands at the top, all of them in details', () => {
    const error = invalidFields([
      { code: 'REQUIRED_VALUE_MISSING', message: 'name is required', property: 'name' },
      { code: 'VALUE_OUT_OF_BOUNDS', message: 'body must have fewer members' },
    ]);
    expect(errorBody(error)).toEqual({
      error_code: 'REQUIRED_VALUE_MISSING',
      error_message: 'name is required',
      property: 'name',
      details: [
        { error_code: 'REQUIRED_VALUE_MISSING', error_message: 'name is required', property: 'name' },
        { error_code: 'VALUE_OUT_OF_BOUNDS', error_message: 'body must have fewer members' },
      ],
    });
  });

  test('without fields and request the body has the two required members alone', () => {
    expect(errorBody(objectNotFound('Secret'))).toEqual({
      error_code: 'OBJECT_NOT_FOUND',
      error_message: 'Secret not found',
    });
  });
});

describe('what is not ours', () => {
  test('becomes a bare internal error that keeps the cause for the log only', () => {
    const thrown = new Error('password=hunter2');
    const error = toAppError(thrown);
    expect(error.cause).toBe(thrown);
    expect(error.kind).toBe('internal');
    expect(JSON.stringify(errorBody(error))).not.toContain('hunter2');
  });

  test.each([
    [502, 'unavailable'],
    [504, 'unavailable'],
    [405, 'invalid'],
    [422, 'invalid'],
  ])('the foreign status %i reads as %s', (status, kind) => {
    expect(fromErrorBody(status, undefined).kind).toBe(kind);
  });

  test.each([[null], ['text'], [[]], [{ error_code: 7, error_message: {}, property: [] }]])(
    'the unreadable body %j still makes a complete error',
    body => {
      const error = fromErrorBody(503, body);
      expect(error.code).toBe('INTRA_SERVICE_COMMUNICATION_ERROR');
      expect(error.message).not.toBe('');
      expect(error.property).toBeUndefined();
    },
  );

  test('codes compare across classes; a thrown text has none', () => {
    expect(hasErrorCode(Object.assign(new Error(), { code: 'ENOENT' }), 'ENOENT')).toBe(true);
    expect(hasErrorCode(objectNotFound('Role'), 'PERMISSION_DENIED')).toBe(false);
    expect(hasErrorCode('OBJECT_NOT_FOUND', 'OBJECT_NOT_FOUND')).toBe(false);
  });
});
