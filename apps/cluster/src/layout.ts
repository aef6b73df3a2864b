import { join } from 'node:path';

/** The schemas of the services that have one, as database roles and passwords are made for them. */
export const SCHEMAS = ['auth', 'vault', 'secrets_manager', 'monitor'] as const;

/** Services that sign in at auth themselves. */
export const MACHINES = ['vault', 'secrets-manager', 'monitor'] as const;

/** Where things lie; docker-compose.yml names the same files. */
export function clusterLayout(root: string) {
  const below = (...names: string[]) => join(root, ...names);
  return {
    root,
    rootKey: below('root.key'),
    /** Empty unless the operator changes the root key. */
    newRootKey: below('new-root.key'),
    auditKey: below('audit.key'),
    /** For the operator's programs. */
    credentials: below('credentials.json'),
    /** The same for auth's first start; empty once the operator took credentials.json away. */
    bootstrap: below('bootstrap.json'),
    tls: below('tls'),
    caFile: below('tls', 'ca.pem'),
    passwords: below('passwords'),
    password: (of: string) => below('passwords', of),
    rabbitmqDefinitions: below('rabbitmq-definitions.json'),
    redisUsers: below('redis-users.acl'),
    /** Stands from the first time that the platform was healthy: from then on nothing is made anew. */
    installed: below('installed'),
  } as const;
}
export type ClusterLayout = ReturnType<typeof clusterLayout>;
