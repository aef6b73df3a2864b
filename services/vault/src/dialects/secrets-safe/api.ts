import { SECRETS_SAFE } from '@strongroom/http/secrets-safe';
import { Line, Members, Type, Uuid } from '@strongroom/schema/types';

/** Shared parts of the routes of the dialect; spread first. */
export const secretsSafe = { tag: 'secrets-safe', dialect: SECRETS_SAFE } as const;

/** `path` begins behind `/secrets-safe`. */
export const at = (path: string): string => `${SECRETS_SAFE.prefix}/secrets-safe${path}`;

export const ById = Members({ id: Uuid });

/** How a version is asked for; some clients say it twice. */
export const Versioned = { version: Type.Optional(Type.Array(Line(32))) };

const VERSIONS = ['3.0', '3.1', '3.2'] as const;
export type ApiVersion = (typeof VERSIONS)[number];

/** What we do not know is answered as the first version, which is also what is meant when none is named. */
export const apiVersion = ({ version = [] }: { readonly version?: readonly string[] }): ApiVersion =>
  VERSIONS.find(known => version.includes(known)) ?? '3.0';

/** Whether values are asked for: they are unless the client says no (contract 3.2). */
export const Decrypting = {
  decrypt: Type.Boolean({ default: true, description: 'false: passwords and texts are left empty' }),
};
