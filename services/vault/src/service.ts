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
import { createPasswordByRule } from './clients/password-rules.ts';
import type { VaultConfig, VaultSecrets } from './config.ts';
import type { VaultContext } from './context.ts';
import { secretServerRoutes } from './dialects/secret-server/routes.ts';
import { secretsSafeRoutes } from './dialects/secrets-safe/routes.ts';
import { MAX_DATA_BYTES } from './domain/secret.ts';
import { startForgetting } from './operations/forget-answers.ts';
import { startRemovingUploads } from './operations/remove-abandoned-uploads.ts';
import { startExpiryWarnings } from './operations/warn-of-expiry.ts';
import { batchRoutes } from './routes/batch.ts';
import { folderRoutes } from './routes/folders.ts';
import { moveSecretRoutes } from './routes/move-secrets.ts';
import { numberedSecretRoute } from './routes/numbered-secrets.ts';
import { fileRoutes } from './routes/files.ts';
import { schemaRoutes } from './routes/schemas.ts';
import { searchRoutes } from './routes/search.ts';
import { secretRoutes } from './routes/secrets.ts';
import { versionedSecretRoutes } from './routes/versioned-secrets.ts';
import { createFindPage } from './store/find-page.ts';
import { createSecretFinder } from './store/find-secrets.ts';
import { sealedFiles } from './store/sealed-files.ts';
import { sealedVersions } from './store/sealed-versions.ts';

export const MACHINE_CLIENT_ID = 'strongroom-vault';

/** The content limit in its longest usual spelling, `\u00e9` for two bytes, and room for name and roles. */
const BODY_LIMIT_BYTES = MAX_DATA_BYTES * 3 + 65_536;

/** All tables with sealed values: what is missing here is not re-wrapped, and lost with its key. */
const SEALED_TABLES = [sealedVersions, sealedFiles];

const KEY_EVENTS: KeyEvents = {
  read: AUDIT_EVENTS.vaultKeysRead,
  rotationStarted: AUDIT_EVENTS.vaultKeyRotationStarted,
  rotationFinished: AUDIT_EVENTS.vaultKeyRotationFinished,
  rootKeyChanged: AUDIT_EVENTS.vaultRootKeyChanged,
};

const migrations = { name: 'vault', directory: path.join(import.meta.dirname, '../migrations') };

export async function startVault(
  config: VaultConfig,
  secrets: VaultSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const rootKeys = staticRootKey(secrets.rootKey, secrets.newRootKey);
  const foundations = await openFoundations(config, secrets, dependencies, {
    beforeMigration: db => checkRootKey(db, config.schema, rootKeys),
    migrations: [keyMigrations, migrations],
  });
  const keys = await openKeyManagement(foundations, { rootKeys, tables: SEALED_TABLES, events: KEY_EVENTS });
  const access = await openAccess(foundations, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  const roles = await openRoles(foundations, access.token);
  const ctx: VaultContext = {
    ...foundations,
    keyring: keys.keyring,
    roles: roles.directory,
    secrets: createSecretFinder(foundations.db),
    findPage: createFindPage(foundations.db, foundations.now),
    passwordByRule: createPasswordByRule(() => config.secretsManagerUrl),
  };
  const stopHousekeeping = [
    startExpiryWarnings(ctx, config.expiryWarningDays),
    startForgetting(ctx),
    startRemovingUploads(ctx),
  ];

  return serve(foundations, {
    prefixes: ['/vault/api/v1'],
    routes: [
      ...searchRoutes(ctx),
      ...batchRoutes(ctx),
      ...secretRoutes(ctx),
      ...versionedSecretRoutes(ctx),
      ...moveSecretRoutes(ctx),
      numberedSecretRoute(ctx),
      ...folderRoutes(ctx),
      ...fileRoutes(ctx),
      ...schemaRoutes(ctx),
      ...secretServerRoutes(ctx),
      ...secretsSafeRoutes(ctx),
      ...keyRoutes('/vault/api/v1', keys),
    ],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await Promise.all(stopHousekeeping.map(stop => stop()));
      await access.close();
      await roles.close();
      await keys.close();
    },
  });
}
