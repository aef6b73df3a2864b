import path from 'node:path';
import { openAccess } from '@strongroom/service/access';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import type { SecretsManagerConfig, SecretsManagerSecrets } from './config.ts';
import { MAX_SCRIPT_BYTES } from './domain/script-template.ts';
import { passwordPolicyRoutes } from './routes/password-policies.ts';
import { scriptTemplateRoutes } from './routes/script-templates.ts';

export const MACHINE_CLIENT_ID = 'strongroom-secrets-manager';

/** The longest script in its longest usual spelling, `\u00e9` for two bytes, and room for the other members. */
const BODY_LIMIT_BYTES = MAX_SCRIPT_BYTES * 3 + 65_536;

const migrations = { name: 'secrets-manager', directory: path.join(import.meta.dirname, '../migrations') };

export async function startSecretsManager(
  config: SecretsManagerConfig,
  secrets: SecretsManagerSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const ctx = await openFoundations(config, secrets, dependencies, { migrations: [migrations] });
  const access = await openAccess(ctx, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  return serve(ctx, {
    prefixes: ['/secrets-manager/api/v1'],
    routes: [...passwordPolicyRoutes(ctx), ...scriptTemplateRoutes(ctx)],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    beforeClose: access.close,
  });
}
