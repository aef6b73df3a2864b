import path from 'node:path';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { checkRootKey, keyMigrations } from '@strongroom/keys/key-store';
import { openAccess } from '@strongroom/service/access';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { openKeyManagement, type KeyEvents } from '@strongroom/service/key-management';
import { keyRoutes } from '@strongroom/service/key-routes';
import { openRoles } from '@strongroom/service/roles';
import { serve, type RunningService } from '@strongroom/service/serve';
import { createSecretServerVault } from './clients/secret-server-vault.ts';
import { createVaultClient } from './clients/vault-client.ts';
import type { SecretsManagerConfig, SecretsManagerSecrets } from './config.ts';
import type { SecretsManagerContext } from './context.ts';
import { secretServerRoutes } from './dialects/secret-server/routes.ts';
import { startRotator } from './events/rotator.ts';
import { startScanner } from './events/scanner.ts';
import { startForgettingRotations } from './operations/forget-rotations.ts';
import { startHeartbeats } from './operations/heartbeat-rounds.ts';
import { requestRotation } from './operations/request-rotation.ts';
import { planAnew, startScheduling } from './operations/schedule-rotations.ts';
import { heartbeatRoutes } from './routes/heartbeats.ts';
import { startLookingAfterCheckouts } from './operations/look-after-checkouts.ts';
import { settleReleases } from './operations/settle-releases.ts';
import { AUTHORIZER, CONNECTION_MANAGER, HOST_STORE, PREFIX } from './routes/access.ts';
import { checkoutRoutes } from './routes/checkouts.ts';
import { connectionRoutes } from './routes/connections.ts';
import { hostRoutes } from './routes/hosts.ts';
import { hostSearchRoutes } from './routes/host-search.ts';
import { hostSecretRoutes } from './routes/host-secrets.ts';
import { managedAccountRoutes } from './routes/managed-accounts.ts';
import { passwordPolicyRoutes } from './routes/password-policies.ts';
import { rotationRoutes } from './routes/rotations.ts';
import { scriptTemplateRoutes } from './routes/script-templates.ts';
import { scannedAccountRoutes } from './routes/scanned-accounts.ts';
import { targetDomainRoutes } from './routes/target-domains.ts';
import { whitelistRoutes } from './routes/whitelists.ts';
import { SEALED_COLUMNS } from './store/sealed-columns.ts';
import { openTarget } from './targets/open-target.ts';

export const MACHINE_CLIENT_ID = 'strongroom-secrets-manager';

/** The longest script in any spelling fits, and a host with its certificates. */
const BODY_LIMIT_BYTES = 524_288;

const KEY_EVENTS: KeyEvents = {
  read: AUDIT_EVENTS.secretsManagerKeysRead,
  rotationStarted: AUDIT_EVENTS.secretsManagerKeyRotationStarted,
  rotationFinished: AUDIT_EVENTS.secretsManagerKeyRotationFinished,
  rootKeyChanged: AUDIT_EVENTS.secretsManagerRootKeyChanged,
};

const migrations = { name: 'secrets-manager', directory: path.join(import.meta.dirname, '../migrations') };

export async function startSecretsManager(
  config: SecretsManagerConfig,
  secrets: SecretsManagerSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKeys = staticRootKey(secrets.rootKey, secrets.newRootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKeys),
    migrations: [keyMigrations, migrations],
  });
  const keys = await openKeyManagement(foundations, { rootKeys, tables: SEALED_COLUMNS, events: KEY_EVENTS });
  const access = await openAccess(foundations, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  const roles = await openRoles(foundations, access.token);
  const ctx: SecretsManagerContext = {
    ...foundations,
    keyring: keys.keyring,
    roles: roles.directory,
    vault: createVaultClient({
      vaultUrl: config.vaultUrl,
      token: access.token,
      machineId: MACHINE_CLIENT_ID,
    }),
    rotation: config.rotation,
    openTarget: description => openTarget(description, { allowLoopback: config.rotation.allowLoopback }),
    onRotationFinished: [planAnew, settleReleases(foundations)],
  };
  const rotator = await startRotator(ctx);
  const stopScheduling = startScheduling(
    ctx,
    (tx, due) => requestRotation(ctx, tx, { ...due, requestedBy: MACHINE_CLIENT_ID }),
    config.rotation.tickMs,
  );
  const stopHeartbeats = config.rotation.heartbeatIntervalMs > 0 ? startHeartbeats(ctx) : undefined;
  const stopLookingAfterCheckouts = startLookingAfterCheckouts(ctx);
  const scanner = startScanner(ctx, MACHINE_CLIENT_ID);
  const stopForgetting = startForgettingRotations(ctx);
  return serve(foundations, {
    prefixes: [PREFIX, HOST_STORE, AUTHORIZER, CONNECTION_MANAGER],
    // Literal paths such as `/hosts/search` come before `/hosts/:id`.
    routes: [
      ...passwordPolicyRoutes(ctx),
      ...scriptTemplateRoutes(ctx),
      ...hostSecretRoutes(ctx),
      ...rotationRoutes(ctx),
      ...heartbeatRoutes(ctx),
      ...managedAccountRoutes(ctx),
      ...hostSearchRoutes(ctx),
      ...hostRoutes(ctx),
      ...whitelistRoutes(ctx),
      ...checkoutRoutes(ctx),
      ...connectionRoutes(ctx),
      ...scannedAccountRoutes(ctx),
      ...targetDomainRoutes(ctx),
      ...secretServerRoutes({ ctx, vault: createSecretServerVault(config.vaultUrl) }),
      ...keyRoutes(PREFIX, keys),
    ],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await stopScheduling();
      await stopHeartbeats?.();
      await stopLookingAfterCheckouts();
      await stopForgetting();
      await scanner.stop();
      await rotator.stop();
      await access.close();
      await roles.close();
      await keys.close();
    },
  });
}
