import { Ajv, type ErrorObject } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { ErrorDetail } from '@strongroom/errors/app-error';
import { invalidFields } from '@strongroom/errors/common-errors';
import { isLine, isText } from './text.ts';
import type { Static, TSchema } from './types.ts';

export type Parser<T> = (input: unknown) => T;

const MAX_DETAILS = 20;

function makeAjv(options: { coerceTypes: boolean; strictNumbers?: boolean }): Ajv {
  const ajv = new Ajv({
    ...options,
    allErrors: true,
    // A member that an object inherits, such as `constructor`, was not sent.
    ownProperties: true,
    removeAdditional: true,
    useDefaults: true,
    strictTypes: false,
  });
  // The package is CommonJS: its default export sits one level deeper under Node's ESM.
  ajvFormats.default(ajv, ['date-time']);
  // Stricter than ajv-formats' own, which takes a URN as well.
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i);
  ajv.addFormat('line', isLine);
  ajv.addFormat('text', isText);
  return ajv;
}

// Bodies are taken as they are; parameters arrive as text and become numbers and booleans.
const bodies = makeAjv({ coerceTypes: false });
// `1e400` becomes Infinity, which ajv's strict numbers would wave past every limit.
const parameters = makeAjv({ coerceTypes: true, strictNumbers: false });

/** Checks a JSON body. The input object is narrowed in place: unknown members are removed, defaults filled in. */
export const bodyParser = <T extends TSchema>(schema: T): Parser<Static<T>> =>
  compile(bodies, schema, 'body');

/** Checks path or query parameters, which are all text on the wire. */
export const parameterParser = <T extends TSchema>(schema: T): Parser<Static<T>> =>
  compile(parameters, schema, 'parameters');

function compile<T extends TSchema>(ajv: Ajv, schema: T, root: string): Parser<Static<T>> {
  const validate = ajv.compile(schema);
  return input => {
    if (validate(input)) return input as Static<T>;
    const details = toDetails(validate.errors ?? [], root);
    throw invalidFields(details);
  };
}

function toDetails(errors: readonly ErrorObject[], root: string): [ErrorDetail, ...ErrorDetail[]] {
  // A union reports each branch and then itself; "must be null" of an optional member is noise beside the rest.
  const telling = errors.filter(
    error => error.keyword !== 'anyOf' && !(error.keyword === 'type' && error.params['type'] === 'null'),
  );
  const byProperty = new Map<string, ErrorDetail>();
  for (const error of telling.length > 0 ? telling : errors) {
    const detail = toDetail(error, root);
    const key = detail.property ?? '';
    if (!byProperty.has(key) && byProperty.size < MAX_DETAILS) byProperty.set(key, detail);
  }
  const [first, ...rest] = byProperty.values();
  return [first ?? { code: 'INVALID_REQUEST_DATA', message: 'The request data is invalid' }, ...rest];
}

const CODES: Record<string, string> = {
  required: 'REQUIRED_VALUE_MISSING',
  type: 'VALUE_INCORRECT_TYPE',
  minimum: 'VALUE_OUT_OF_BOUNDS',
  maximum: 'VALUE_OUT_OF_BOUNDS',
  minLength: 'VALUE_OUT_OF_BOUNDS',
  maxLength: 'VALUE_OUT_OF_BOUNDS',
  minItems: 'VALUE_OUT_OF_BOUNDS',
  maxItems: 'VALUE_OUT_OF_BOUNDS',
  maxProperties: 'VALUE_OUT_OF_BOUNDS',
  pattern: 'VALUE_INCORRECT_FORMAT',
  format: 'VALUE_INCORRECT_FORMAT',
  enum: 'VALUE_INCORRECT_FORMAT',
  const: 'VALUE_INCORRECT_FORMAT',
};

const FORMATS: Record<string, string> = {
  line: 'must be one line of well-formed text without control characters',
  text: 'must be well-formed text without control characters',
  uuid: 'must be a UUID',
  'date-time': 'must be an RFC 3339 date and time',
};

/** ajv's messages name limits and types of the schema, never the value that broke them. */
function toDetail(error: ErrorObject, root: string): ErrorDetail {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'required') path.push(String(error.params['missingProperty']));
  const format = error.keyword === 'format' ? FORMATS[String(error.params['format'])] : undefined;
  const rule = error.keyword === 'required' ? 'is required' : (format ?? error.message ?? 'is invalid');
  const property = path.join('.');
  return {
    code: CODES[error.keyword] ?? 'INVALID_REQUEST_DATA',
    message: `${property === '' ? root : property} ${rule}`,
    ...(property === '' ? {} : { property }),
  };
}
