import { badRequest } from '@strongroom/errors/common-errors';
import { secretServerError } from '@strongroom/errors/secret-server-error';
import { FreeObject, Members, Type, type TSchema } from '@strongroom/schema/types';
import type { Dialect } from './dialect.ts';
import { lenient, lenientQuery } from './lenient.ts';

/** Delinea (Thycotic) Secret Server's REST API (contracts/secret-server.md). The gateway leads all its paths below here. */
export const SECRET_SERVER: Dialect = {
  prefix: '/SecretServer',
  readQuery: (schema, raw) => lenientQuery(schema, raw, name => parameterName(schema, name)),
  readBody: lenient,
  writeError: secretServerError,
  ErrorBody: Members(
    {
      message: Type.String(),
      errorCode: Type.Optional(
        Type.String({ description: 'API_AccessDenied: absent, or not for the caller' }),
      ),
      modelState: Type.Optional(FreeObject),
    },
    { description: 'Answer to every request that fails' },
  ),
};

/**
 * Both families of paging are one (contract 1.2, 3). A filter that a search does not know is refused: to pass it over
 * would find what the caller did not ask for.
 */
function parameterName(schema: TSchema, spelt: string): string {
  const name = spelt.replace(/^paging\./, '');
  if (!name.startsWith('filter.')) return name;
  const { properties = {} } = schema as { properties?: Record<string, unknown> };
  const names = Object.keys(properties).map(known => known.toLowerCase());
  const isSearch = names.some(known => known.startsWith('filter.'));
  if (isSearch && !names.includes(name.replace(/\[\d*\]$/, ''))) {
    throw badRequest('A filter of this search is not supported');
  }
  return name;
}
