import {
  FreeObject,
  Line,
  Members,
  Name,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import { invalidField } from '@strongroom/errors/common-errors';
import {
  DEFAULT_MAX_VERSIONS,
  MAX_ROLES,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  type Secret,
  type SecretData,
} from '../domain/secret.ts';
import type { SecretChange } from '../operations/update-secret.ts';
import type { NewSecret } from '../operations/create-secret.ts';

/** Shapes of the secret object on the wire (contract 2.1), and what it has beyond PrivX's. */

export const RoleHandle = Members({
  id: Type.String(),
  name: Type.String(),
  deleted: Type.Optional(Type.Boolean({ description: 'The role exists no more' })),
});

const metadata = {
  id: Type.String(),
  number: Type.Integer(),
  name: Type.String(),
  path: Type.String({ description: 'The name again' }),
  owner_id: Type.Optional(Type.String({ description: 'Of personal secrets' })),
  schema: Type.Optional(Type.String()),
  tags: Type.Array(Type.String()),
  read_roles: Type.Array(RoleHandle),
  write_roles: Type.Array(RoleHandle),
  version: Type.Integer(),
  expires: Type.Optional(Timestamp),
  created: Timestamp,
  updated: Timestamp,
  author: Type.String({ description: 'Who created it' }),
  updated_by: Type.String(),
};

export const SecretMetadataView = Members(metadata);
export const SecretView = Members({ ...metadata, data: FreeObject });

/** On input only the id counts: clients send names that are empty or wrong. */
const RoleHandleInput = Members({ id: Uuid });
export const RoleList = OrNull(Type.Array(RoleHandleInput, { maxItems: MAX_ROLES }));

export const NameInput = Text(2_048);

/** What a client may state of a secret, beside its name. */
export const SecretInput = {
  data: OrNull(FreeObject),
  read_roles: RoleList,
  write_roles: RoleList,
  schema: OrNull(Line(128)),
  tags: OrNull(Type.Array(Name(MAX_TAG_LENGTH), { maxItems: MAX_TAGS })),
  expires: OrNull(Timestamp),
};
type StatedSecret = Static<ReturnType<typeof Members<typeof SecretInput>>>;

/** The role list of a request: ids in the given order, in PostgreSQL's spelling. */
export const roleIds = (handles: readonly { id: string }[]): string[] =>
  handles.map(({ id }) => id.toLowerCase());

export function roleHandle(id: string, names: ReadonlyMap<string, string>) {
  const name = names.get(id);
  return name === undefined ? { id, name: '', deleted: true } : { id, name };
}

/** In one form each, and each once. */
export const tagList = (tags: readonly string[]): string[] => [
  ...new Set(tags.map(tag => tag.normalize('NFC').trim())),
];

function parseExpiry(text: string): Date {
  const date = new Date(text);
  // The format admits a leap second, which Date does not.
  if (Number.isNaN(date.getTime())) {
    throw invalidField('expires', 'expires must be a time', 'VALUE_INCORRECT_FORMAT');
  }
  return date;
}

export const toNewSecret = (
  address: { ownerId: string | undefined; name: string },
  body: StatedSecret,
): NewSecret => ({
  ...address,
  data: body.data ?? {},
  readRoles: roleIds(body.read_roles ?? []),
  writeRoles: roleIds(body.write_roles ?? []),
  schema: body.schema ?? undefined,
  tags: tagList(body.tags ?? []),
  expiresAt: body.expires === undefined || body.expires === null ? undefined : parseExpiry(body.expires),
  maxVersions: DEFAULT_MAX_VERSIONS,
  deleteVersionAfterSeconds: 0,
  casRequired: false,
});

/** What is absent stays. `null` empties a list and takes a schema or a date away; data it leaves as it is. */
export const toChange = (body: StatedSecret): SecretChange => ({
  data: body.data ?? undefined,
  readRoles: body.read_roles === undefined ? undefined : roleIds(body.read_roles ?? []),
  writeRoles: body.write_roles === undefined ? undefined : roleIds(body.write_roles ?? []),
  schema: body.schema,
  tags: body.tags === undefined ? undefined : tagList(body.tags ?? []),
  expiresAt: typeof body.expires === 'string' ? parseExpiry(body.expires) : body.expires,
});

export function metadataView(secret: Secret, names: ReadonlyMap<string, string>) {
  const handle = (id: string) => roleHandle(id, names);
  return {
    id: secret.id,
    number: secret.number,
    name: secret.name,
    path: secret.name,
    ...(secret.ownerId === undefined ? {} : { owner_id: secret.ownerId }),
    ...(secret.schema === undefined ? {} : { schema: secret.schema }),
    tags: secret.tags,
    read_roles: secret.readRoles.map(handle),
    write_roles: secret.writeRoles.map(handle),
    version: secret.version,
    ...(secret.expiresAt === undefined ? {} : { expires: secret.expiresAt.toISOString() }),
    created: secret.createdAt.toISOString(),
    updated: secret.updatedAt.toISOString(),
    author: secret.createdBy,
    updated_by: secret.updatedBy,
  };
}

export const secretView = (secret: Secret, data: SecretData, names: ReadonlyMap<string, string>) => ({
  ...metadataView(secret, names),
  data,
});
