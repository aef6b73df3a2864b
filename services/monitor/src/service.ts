import path from 'node:path';
import { createRemoteJWKSet } from 'jose';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import type { MonitorConfig, MonitorSecrets } from './config.ts';
import { auditTrailConsumer } from './events/audit-trail-consumer.ts';
import { startInboxPruner } from './events/inbox-pruner.ts';
import { auditEventRoutes } from './routes/audit-events.ts';
import { eventCodeRoute } from './routes/event-codes.ts';
import { timeRoute } from './routes/time.ts';

/** A search is a few short texts. */
const BODY_LIMIT_BYTES = 65_536;

const migrations = { name: 'monitor', directory: path.join(import.meta.dirname, '../migrations') };

export async function startMonitor(
  config: MonitorConfig,
  secrets: MonitorSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const foundations = await openFoundations(config, secrets, dependencies, { migrations: [migrations] });
  // Never unsubscribed: monitor's own records come back to it, up to the one that tells of its stop. The bus
  // ends with the process, and what arrives once the database is closed is delivered again at the next start.
  await foundations.bus.subscribe(auditTrailConsumer(foundations));
  const stopPruner = startInboxPruner(foundations);

  return serve(foundations, {
    prefixes: ['/monitor-service/api/v1'],
    routes: [...auditEventRoutes(foundations), eventCodeRoute, timeRoute(foundations)],
    authenticate: createTokenVerifier({
      issuer: config.issuer,
      keys: createRemoteJWKSet(new URL(`${config.authUrl}/auth/api/v1/oauth/jwks`)),
      now: foundations.now,
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    beforeClose: stopPruner,
  });
}
