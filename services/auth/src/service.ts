import path from 'node:path';
import { createLocalJWKSet } from 'jose';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { checkRootKey, keyMigrations, loadKeyring } from '@strongroom/keys/key-store';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import type { AuthConfig, AuthSecrets } from './config.ts';
import type { AuthContext } from './context.ts';
import { bootstrap } from './operations/bootstrap.ts';
import { createTokenSigner } from './operations/token-signer.ts';
import { apiClientRoutes } from './routes/api-clients.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { roleRoutes } from './routes/roles.ts';

const BODY_LIMIT_BYTES = 1_048_576;

const migrations = { name: 'auth', directory: path.join(import.meta.dirname, '../migrations') };

export async function startAuth(
  config: AuthConfig,
  secrets: AuthSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKey = staticRootKey(secrets.rootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKey),
    migrations: [keyMigrations, migrations],
  });
  const { db, now } = foundations;
  const keyring = await loadKeyring(db, config.schema, rootKey, now());
  if (secrets.bootstrap !== undefined) await bootstrap(foundations, keyring, secrets.bootstrap);
  const signer = await createTokenSigner({ ...foundations, keyring });
  const ctx: AuthContext = { ...foundations, keyring, signer, machineSecrets: secrets.machineSecrets };

  return serve(foundations, {
    prefixes: ['/auth/api/v1', '/role-store/api/v1', '/local-user-store/api/v1'],
    routes: [...oauthRoutes(ctx), ...roleRoutes(ctx), ...apiClientRoutes(ctx)],
    authenticate: createTokenVerifier({
      issuer: config.issuer,
      keys: createLocalJWKSet({ keys: [...signer.publicKeys] }),
      now,
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
  });
}
