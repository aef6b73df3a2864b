import { Line, Members, Type } from '@strongroom/schema/types';
import type { SecretKey } from '../../operations/locate-secret.ts';

/** Numbers of objects; 0 is none. Larger ones than there can be are not there, which is no fault of the request. */
export const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const ById = Members({ id: Id });

/** Where the id in the path is 0, the secret is the one at this path (contract 5). */
export const ByPath = { secretPath: Type.Optional(Line(2_048)) };

/** Paths have either slash, doubled or not, at the ends or not. */
export function secretKey(id: number, secretPath: string | undefined): SecretKey {
  if (id !== 0 || secretPath === undefined) return { number: id };
  return { path: pathOf(secretPath) };
}

export const pathOf = (text: string): string =>
  text
    .split(/[\\/]+/)
    .filter(segment => segment !== '')
    .join('/');
