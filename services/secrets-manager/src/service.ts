import path from 'node:path';
import { createRemoteJWKSet } from 'jose';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { createMachineTokenSource } from '@strongroom/auth-client/machine-token';
import { revocationFeed, revocationsOfAuth } from '@strongroom/auth-client/revocation-feed';
import { createRevocations } from '@strongroom/auth-client/revocations';
import { followFeed } from '@strongroom/service/follow-feed';
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
  const token = createMachineTokenSource({
    authUrl: config.authUrl,
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
    now: ctx.now,
  });
  const revocations = createRevocations(ctx.now);
  const unfollow = await followFeed(
    ctx,
    revocationFeed({ revocations, page: revocationsOfAuth(config.authUrl, token) }),
  );

  return serve(ctx, {
    prefixes: ['/secrets-manager/api/v1'],
    routes: [...passwordPolicyRoutes(ctx), ...scriptTemplateRoutes(ctx)],
    authenticate: createTokenVerifier({
      issuer: config.issuer,
      keys: createRemoteJWKSet(new URL(`${config.authUrl}/auth/api/v1/oauth/jwks`)),
      now: ctx.now,
      revocations,
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    beforeClose: unfollow,
  });
}
