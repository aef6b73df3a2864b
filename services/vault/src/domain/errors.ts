import { AppError } from '@strongroom/errors/app-error';
import {
  badRequest,
  duplicateValue,
  invalidField,
  objectNotFound,
  permissionDenied,
} from '@strongroom/errors/common-errors';

/** The wording is the contract's: three clients tell "not found" by it (contract 0.5). */
export const secretNotFound = () => objectNotFound('Secret');

export const secretExists = () => duplicateValue('name', 'secret');

export const folderNotFound = () => objectNotFound('Folder');

export const folderExists = () => duplicateValue('path', 'folder');

export const folderNotEmpty = () =>
  new AppError({
    kind: 'conflict',
    code: 'FOLDER_NOT_EMPTY',
    message: 'Only an empty folder can be deleted; move or delete first what is in it',
  });

export const nameHasSlash = () =>
  invalidField('name', 'A name in a folder holds no slash', 'VALUE_INCORRECT_FORMAT');

export const movedIntoItself = () => invalidField('path', 'A folder cannot be moved into itself');

export const movedNameTooLong = () =>
  invalidField('path', 'A name below the folder would become too long or too deep', 'VALUE_OUT_OF_BOUNDS');

export const moveTooLarge = (most: number) =>
  new AppError({
    kind: 'conflict',
    code: 'MOVE_TOO_LARGE',
    message: `One move takes at most ${most} secrets and as many folders along; move parts of the folder first`,
    property: 'path',
  });

export const schemaNotFound = () => objectNotFound('Schema');

export const schemaExists = () => duplicateValue('name', 'schema');

export const schemaBuiltIn = () =>
  new AppError({
    kind: 'conflict',
    code: 'SCHEMA_BUILT_IN',
    message: 'A built-in schema can be neither changed nor deleted; make one of another name',
  });

export const schemaInUse = () =>
  new AppError({
    kind: 'conflict',
    code: 'SCHEMA_IN_USE',
    message: 'A schema that secrets follow cannot be deleted',
  });

export const fileNotFound = () => objectNotFound('File');

/** Which field it is about is not told: its name is the caller's own text. */
export const noSuchFile = () =>
  invalidField('data', 'A field names a file that this secret does not have; files are sent by themselves');

export const emptyFile = () => badRequest('The file is empty');

/** What a file was being uploaded into is no longer there. */
export const uploadLost = () =>
  new AppError({
    kind: 'conflict',
    code: 'WRITE_CONFLICT',
    message: 'The secret was deleted, or the upload took too long',
  });

export const schemaUnknown = () => invalidField('schema', 'No schema has this name');

export const readRoleRequired = () =>
  permissionDenied('Reading the content of this secret needs one of its read roles');
export const writeRoleRequired = () => permissionDenied('Changing this secret needs one of its write roles');
export const manageRequired = (act: string) => permissionDenied(`${act} needs the permission vault-manage`);
export const folderWriteRoleRequired = () =>
  permissionDenied('Adding to this folder needs one of its write roles');
export const ownSecretsOnly = () =>
  permissionDenied('The personal secrets of others need the permission vault-manage');

/** A check-and-set that came too late. */
export const versionConflict = () =>
  new AppError({
    kind: 'conflict',
    code: 'VERSION_CONFLICT',
    message: 'The secret has another version than the one to be replaced',
    property: 'options.cas',
  });

/** An If-Match that holds no more (RFC 9110, 13.1.1). */
export const preconditionFailed = () =>
  new AppError({
    kind: 'precondition_failed',
    code: 'PRECONDITION_FAILED',
    message: 'The object is not what If-Match names',
  });

export const expectationRequired = () =>
  invalidField(
    'options.cas',
    'Writers of this secret must name what they replace: by options.cas, or by If-Match',
    'REQUIRED_VALUE_MISSING',
  );

export const writeConflict = () =>
  new AppError({
    kind: 'conflict',
    code: 'WRITE_CONFLICT',
    message: 'Too many writers change this secret at once',
  });

/** Another request under the same idempotency key has been answered since this one began. */
export const keyUsedMeanwhile = () =>
  new AppError({
    kind: 'conflict',
    code: 'IDEMPOTENCY_KEY_USED',
    message: 'Another request has used this idempotency key',
    property: 'Idempotency-Key',
  });

/** Searches that have to go through everything run one after another. */
export const searchesQueue = () =>
  new AppError({
    kind: 'unavailable',
    code: 'MAX_LOAD',
    message: 'Too many searches wait for each other',
    retryAfterSeconds: 1,
  });

/** So do key pairs, which take the processor for a third of a second each. */
export const keyPairsQueue = () =>
  new AppError({
    kind: 'unavailable',
    code: 'MAX_LOAD',
    message: 'Too many key pairs are being made',
    retryAfterSeconds: 2,
  });

export const noKeyFields = () =>
  invalidField('sshKeyArgs', 'The schema has no fields for what is to be generated', 'INVALID_REQUEST_DATA');

export const passwordFieldsOnly = () => badRequest('Passwords are made only for fields that are masked text');
