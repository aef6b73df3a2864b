import path from 'node:path';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { revocationFeed } from '@strongroom/auth-client/revocation-feed';
import { createRevocations } from '@strongroom/auth-client/revocations';
import { createPasswordHasher, type PasswordHasher } from '@strongroom/crypto/password';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { checkRootKey, keyMigrations } from '@strongroom/keys/key-store';
import type { Metrics } from '@strongroom/metrics/metrics';
import { recallWhileCutOff } from '@strongroom/service/access';
import { followFeed } from '@strongroom/service/follow-feed';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { openKeyManagement, type KeyEvents } from '@strongroom/service/key-management';
import { keyRoutes } from '@strongroom/service/key-routes';
import { serve, type RunningService } from '@strongroom/service/serve';
import { authRoutes } from './app.ts';
import { createRemoteKeys } from './clients/remote-keys.ts';
import type { AuthConfig, AuthSecrets } from './config.ts';
import type { AuthContext } from './context.ts';
import { bootstrap } from './operations/bootstrap.ts';
import { startPruning } from './operations/prune-expired.ts';
import { findRevocations } from './operations/revocations.ts';
import { startSigningKeyKeeper } from './operations/rotate-signing-keys.ts';
import { createTokenSigner } from './operations/token-signer.ts';
import { withStepUp } from './routes/step-up.ts';
import { SEALED_COLUMNS } from './store/sealed-columns.ts';

const BODY_LIMIT_BYTES = 1_048_576;

const KEY_EVENTS: KeyEvents = {
  read: AUDIT_EVENTS.authKeysRead,
  rotationStarted: AUDIT_EVENTS.authKeyRotationStarted,
  rotationFinished: AUDIT_EVENTS.authKeyRotationFinished,
  rootKeyChanged: AUDIT_EVENTS.authRootKeyChanged,
};

const migrations = { name: 'auth', directory: path.join(import.meta.dirname, '../migrations') };

export async function startAuth(
  config: AuthConfig,
  secrets: AuthSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKeys = staticRootKey(secrets.rootKey, secrets.newRootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKeys),
    migrations: [keyMigrations, migrations],
  });
  const { now, metrics } = foundations;
  const keys = await openKeyManagement(foundations, { rootKeys, tables: SEALED_COLUMNS, events: KEY_EVENTS });
  const { keyring } = keys;
  const passwords = createPasswordHasher();
  measurePasswords(metrics, passwords);
  if (secrets.bootstrap !== undefined) {
    await bootstrap({ ...foundations, keyring, passwords }, secrets.bootstrap);
  }
  const signer = await createTokenSigner({ ...foundations, keyring });
  const remoteKeys = createRemoteKeys({
    ...foundations,
    rule: { allowedHosts: new Set(config.outboundAllow) },
  });
  const ctx: AuthContext = {
    ...foundations,
    config,
    keyring,
    signer,
    remoteKeys,
    passwords,
    machineSecrets: secrets.machineSecrets,
  };

  // auth hears its own events too: what one replica changed counts at the others at once.
  const revocations = createRevocations(now);
  const unfollow = await followFeed(
    foundations,
    revocationFeed({ revocations, page: cursor => findRevocations(ctx, cursor) }),
  );
  const unwatch = recallWhileCutOff(ctx, revocations);
  const stopKeeper = startSigningKeyKeeper(ctx, config.signingKeyDays);
  const stopPruning = startPruning(ctx);

  return serve(foundations, {
    prefixes: ['/auth/api/v1', '/role-store/api/v1', '/local-user-store/api/v1'],
    routes: [...authRoutes(ctx), ...withStepUp(ctx, keyRoutes('/auth/api/v1', keys))],
    authenticate: createTokenVerifier({
      issuer: config.issuer,
      keys: signer.verificationKey,
      now,
      revocations,
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await unwatch();
      await unfollow();
      await stopKeeper();
      await stopPruning();
      await keys.close();
      await passwords.close();
    },
  });
}

/** At its limit sign-ins are refused: more replicas of auth hash more. */
function measurePasswords(metrics: Metrics, { load }: PasswordHasher): void {
  metrics.gauge(
    'strongroom_auth_password_hashes_under_way',
    'Passwords that are being hashed, or wait for it',
    () => load().underWay,
  );
  metrics.gauge(
    'strongroom_auth_password_hashes_limit',
    'Passwords that may be under way; above, sign-ins are refused',
    () => load().limit,
  );
}
