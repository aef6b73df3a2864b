import { FreeObject, Members, Text, Timestamp, Type, Uuid } from '@strongroom/schema/types';
import type { Secret, SecretData } from '../domain/secret.ts';

/** Shapes of the secret object on the wire (contract 2.1). */

const RoleHandle = Members({
  id: Type.String(),
  name: Type.String(),
  deleted: Type.Optional(Type.Boolean({ description: 'The role exists no more' })),
});

const metadata = {
  name: Type.String(),
  path: Type.String({ description: 'The name again' }),
  read_roles: Type.Array(RoleHandle),
  write_roles: Type.Array(RoleHandle),
  created: Timestamp,
  updated: Timestamp,
  author: Type.String({ description: 'Who created it' }),
  updated_by: Type.String(),
};

export const SecretMetadataView = Members(metadata);
export const SecretView = Members({ ...metadata, data: FreeObject });

/** On input only the id counts: clients send names that are empty or wrong. */
export const RoleHandleInput = Members({ id: Uuid });
export const NameInput = Text(2_048);

/** The role list of a request: ids in the given order, in PostgreSQL's spelling. */
export const roleIds = (handles: readonly { id: string }[]): string[] =>
  handles.map(({ id }) => id.toLowerCase());

export function metadataView(secret: Secret, names: ReadonlyMap<string, string>) {
  const handle = (id: string) => {
    const name = names.get(id);
    return name === undefined ? { id, name: '', deleted: true } : { id, name };
  };
  return {
    name: secret.name,
    path: secret.name,
    read_roles: secret.readRoles.map(handle),
    write_roles: secret.writeRoles.map(handle),
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
