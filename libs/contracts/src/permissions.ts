/**
 * The permissions that a role can carry (contract 4.1). Clients send and compare these names literally;
 * most belong to services that are not part of this release, and roles keep them all the same.
 */
export const PERMISSIONS = [
  'access-groups-manage',
  'access-roles-manage',
  'api-clients-manage',
  'authorized-keys-manage',
  'certificates-view',
  'connections-authorize',
  'connections-manage',
  'connections-manual',
  'connections-playback',
  'connections-terminate',
  'connections-trail',
  'connections-view',
  'hosts-manage',
  'hosts-view',
  'idp-clients-manage',
  'idp-clients-view',
  'licenses-manage',
  'logs-manage',
  'logs-view',
  'mobilegw-manage',
  'mobilegw-view',
  'network-targets-manage',
  'network-targets-view',
  'privx-host-provisioning',
  'requests-view',
  'role-target-resources-manage',
  'role-target-resources-view',
  'roles-manage',
  'roles-view',
  'settings-manage',
  'settings-view',
  'sources-data-push',
  'sources-manage',
  'sources-view',
  'target-domains-manage',
  'target-domains-view',
  'ueba-manage',
  'ueba-view',
  'users-manage',
  'users-view',
  'vault-add',
  'vault-manage',
  'webauthn-credentials-manage',
  'workflows-manage',
  'workflows-requests',
  'workflows-requests-on-behalf',
  'workflows-view',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const isPermission = (text: string): text is Permission =>
  (PERMISSIONS as readonly string[]).includes(text);
