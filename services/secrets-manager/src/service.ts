import path from 'node:path';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { checkRootKey, keyMigrations, loadKeyring } from '@strongroom/keys/key-store';
import { openAccess } from '@strongroom/service/access';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { openRoles } from '@strongroom/service/roles';
import { serve, type RunningService } from '@strongroom/service/serve';
import type { SecretsManagerConfig, SecretsManagerSecrets } from './config.ts';
import type { SecretsManagerContext } from './context.ts';
import { HOST_STORE, PREFIX } from './routes/access.ts';
import { hostRoutes } from './routes/hosts.ts';
import { hostSearchRoutes } from './routes/host-search.ts';
import { hostSecretRoutes } from './routes/host-secrets.ts';
import { passwordPolicyRoutes } from './routes/password-policies.ts';
import { scriptTemplateRoutes } from './routes/script-templates.ts';
import { whitelistRoutes } from './routes/whitelists.ts';

export const MACHINE_CLIENT_ID = 'strongroom-secrets-manager';

/** The longest script in any spelling fits, and a host with its certificates. */
const BODY_LIMIT_BYTES = 524_288;

const migrations = { name: 'secrets-manager', directory: path.join(import.meta.dirname, '../migrations') };

export async function startSecretsManager(
  config: SecretsManagerConfig,
  secrets: SecretsManagerSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKey = staticRootKey(secrets.rootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKey),
    migrations: [keyMigrations, migrations],
  });
  const keyring = await loadKeyring(foundations.db, config.schema, rootKey, foundations.now());
  const access = await openAccess(foundations, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  const roles = await openRoles(foundations, access.token);
  const ctx: SecretsManagerContext = { ...foundations, keyring, roles: roles.directory };
  return serve(foundations, {
    prefixes: [PREFIX, HOST_STORE],
    // Literal paths such as `/hosts/search` come before `/hosts/:id`.
    routes: [
      ...passwordPolicyRoutes(ctx),
      ...scriptTemplateRoutes(ctx),
      ...hostSecretRoutes(ctx),
      ...hostSearchRoutes(ctx),
      ...hostRoutes(ctx),
      ...whitelistRoutes(ctx),
    ],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await access.close();
      await roles.close();
    },
  });
}
