import path from 'node:path';
import { openAccess } from '@strongroom/service/access';
import { followFeed } from '@strongroom/service/follow-feed';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import { createSecretIdOf } from './clients/readable-secrets.ts';
import type { MonitorConfig, MonitorSecrets } from './config.ts';
import type { MonitorContext } from './context.ts';
import { secretServerRoutes } from './dialects/secret-server/routes.ts';
import { createChain } from './domain/chain.ts';
import { createReplicas } from './domain/replicas.ts';
import { createStatements } from './domain/statements.ts';
import { auditTrailConsumer } from './events/audit-trail-consumer.ts';
import { startInboxPruner } from './events/inbox-pruner.ts';
import { parseAuditEvent } from './events/parse-audit-event.ts';
import { replicaReports } from './events/replica-reports.ts';
import { startForwarding } from './forwarding.ts';
import { keepPartitions } from './operations/keep-partitions.ts';
import { startTrailKeeper } from './operations/keep-trail.ts';
import { checkAuditKey, openChain } from './operations/open-chain.ts';
import { auditEventRoutes } from './routes/audit-events.ts';
import { auditTrailRoutes } from './routes/audit-trail.ts';
import { componentRoutes } from './routes/components.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { eventCodeRoute } from './routes/event-codes.ts';
import { exportRoute } from './routes/export.ts';
import { rejectedEventRoutes } from './routes/rejected-events.ts';
import { timeRoute } from './routes/time.ts';
import { registerTrailMetrics } from './trail-metrics.ts';

export const MACHINE_CLIENT_ID = 'strongroom-monitor';

/** A search is a few short texts. */
const BODY_LIMIT_BYTES = 65_536;

const migrations = { name: 'monitor', directory: path.join(import.meta.dirname, '../migrations') };

export async function startMonitor(
  config: MonitorConfig,
  secrets: MonitorSecrets,
  dependencies: ServiceDependencies,
): Promise<RunningService> {
  const chain = createChain(secrets.auditKey);
  const statements = await createStatements(secrets.auditKey, config.issuer);
  const opened = await openFoundations(config, secrets, dependencies, {
    migrations: [migrations],
    beforeMigration: db => checkAuditKey(db, chain),
  });
  const foundations: MonitorContext = {
    ...opened,
    chain,
    statements,
    observeBatch: registerTrailMetrics(opened),
  };
  try {
    await keepPartitions(foundations);
    await openChain(foundations);
  } catch (error) {
    await foundations.close();
    throw error;
  }
  const forwarding = await startForwarding(foundations, config.forwarding, secrets);
  // Never unsubscribed: monitor's own records come back to it, up to the one that tells of its stop. The bus
  // ends with the process, and what arrives once the database is closed is delivered again at the next start.
  await foundations.bus.subscribe(auditTrailConsumer(foundations, forwarding.announce));
  const replicas = createReplicas();
  const unfollowReplicas = await followFeed(foundations, replicaReports(replicas, foundations.now));
  const stopPruner = startInboxPruner(foundations);
  const stopKeeper = startTrailKeeper(foundations, config);
  const access = await openAccess(foundations, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  return serve(foundations, {
    prefixes: ['/monitor-service/api/v1'],
    routes: [
      ...auditEventRoutes(foundations),
      ...auditTrailRoutes(foundations),
      exportRoute(foundations),
      eventCodeRoute,
      ...componentRoutes(foundations, replicas),
      ...deadLetterRoutes(foundations),
      ...rejectedEventRoutes(foundations, parseAuditEvent),
      timeRoute(foundations),
      ...secretServerRoutes({ ...foundations, secretIdOf: createSecretIdOf(config.vaultUrl) }),
    ],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await access.close();
      await unfollowReplicas();
      await stopPruner();
      await stopKeeper();
      await forwarding.stop();
    },
  });
}
