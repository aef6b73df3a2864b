import { groupNumber } from '../../domain/group-number.ts';
import type { Secret } from '../../domain/secret.ts';
import type { ApiVersion } from './api.ts';

export type RoleNames = ReadonlyMap<string, string>;

/** The roles that may read it, its own first: they are its owners, as groups. */
const ownersOf = (secret: Secret): string[] => [
  ...new Set([...secret.readRoles, ...secret.inheritedReadRoles]),
];

/** The members about owners (contract 1.2, 3.1). Names of roles that are gone are empty. */
export function ownersView(secret: Secret, names: RoleNames, version: ApiVersion) {
  const owners = ownersOf(secret).map(id => ({ number: groupNumber(id), name: names.get(id) ?? '' }));
  if (version !== '3.0') {
    return {
      Owners: owners.map(({ number, name }) => ({ GroupId: number, UserId: null, Name: name, Email: '' })),
    };
  }
  return {
    OwnerId: owners[0]?.number ?? 0,
    OwnerType: 'Group',
    Owner: owners[0]?.name ?? '',
    Owners: owners.map(({ number, name }) => ({ OwnerId: number, Owner: name, Email: '' })),
  };
}
