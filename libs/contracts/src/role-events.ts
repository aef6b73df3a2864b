/** auth says that a role is not what it was; whoever keeps role names forgets them. */
export const ROLE_CHANGED = 'role.changed';

export interface RoleChanged {
  readonly roleId: string;
}
