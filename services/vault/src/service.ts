import path from 'node:path';
import { createRemoteJWKSet } from 'jose';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { createMachineTokenSource } from '@strongroom/auth-client/machine-token';
import { revocationFeed, revocationsOfAuth } from '@strongroom/auth-client/revocation-feed';
import { createRevocations } from '@strongroom/auth-client/revocations';
import { ROLE_CHANGED } from '@strongroom/contracts/role-events';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { coalesce } from '@strongroom/db/coalesce';
import { checkRootKey, keyMigrations, loadKeyring } from '@strongroom/keys/key-store';
import { followFeed } from '@strongroom/service/follow-feed';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import { createRoleDirectory } from './clients/role-directory.ts';
import type { VaultConfig, VaultSecrets } from './config.ts';
import type { VaultContext } from './context.ts';
import { MAX_DATA_BYTES } from './domain/secret.ts';
import { searchRoutes } from './routes/search.ts';
import { secretRoutes } from './routes/secrets.ts';
import { findSealedSecrets, findSecrets } from './store/secrets.ts';

export const MACHINE_CLIENT_ID = 'strongroom-vault';

/** The content limit in its longest usual spelling, `\u00e9` for two bytes, and room for name and roles. */
const BODY_LIMIT_BYTES = MAX_DATA_BYTES * 3 + 65_536;

const migrations = { name: 'vault', directory: path.join(import.meta.dirname, '../migrations') };

export async function startVault(
  config: VaultConfig,
  secrets: VaultSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKey = staticRootKey(secrets.rootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKey),
    migrations: [keyMigrations, migrations],
  });
  const { db, now, log } = foundations;
  const keyring = await loadKeyring(db, config.schema, rootKey, now());
  const token = createMachineTokenSource({
    authUrl: config.authUrl,
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
    now,
  });
  const roles = createRoleDirectory({ authUrl: config.authUrl, token, now, log });
  const ctx: VaultContext = {
    ...foundations,
    keyring,
    roles,
    findSecret: coalesce(names => findSecrets(db, names)),
    findSealedSecret: coalesce(names => findSealedSecrets(db, names)),
  };

  const revocations = createRevocations(now);
  const unfollow = await followFeed(
    foundations,
    revocationFeed({ revocations, page: revocationsOfAuth(config.authUrl, token) }),
  );
  const unsubscribe = await foundations.bus.subscribe({
    queue: `vault.roles.${foundations.newId()}`,
    types: [`auth.${ROLE_CHANGED}`],
    handle: () => {
      roles.invalidate();
      return Promise.resolve();
    },
  });

  return serve(foundations, {
    prefixes: ['/vault/api/v1'],
    routes: [...searchRoutes(ctx), ...secretRoutes(ctx)],
    authenticate: createTokenVerifier({
      issuer: config.issuer,
      keys: createRemoteJWKSet(new URL(`${config.authUrl}/auth/api/v1/oauth/jwks`)),
      now,
      revocations,
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await unfollow();
      await unsubscribe();
    },
  });
}
