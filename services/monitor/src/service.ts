import path from 'node:path';
import { openAccess } from '@strongroom/service/access';
import { openFoundations, type ServiceDependencies } from '@strongroom/service/foundations';
import { serve, type RunningService } from '@strongroom/service/serve';
import type { MonitorConfig, MonitorSecrets } from './config.ts';
import { createChain } from './domain/chain.ts';
import { createStatements } from './domain/statements.ts';
import { auditTrailConsumer } from './events/audit-trail-consumer.ts';
import { startInboxPruner } from './events/inbox-pruner.ts';
import { keepPartitions } from './operations/keep-partitions.ts';
import { checkAuditKey, openChain } from './operations/open-chain.ts';
import { auditEventRoutes } from './routes/audit-events.ts';
import { eventCodeRoute } from './routes/event-codes.ts';
import { timeRoute } from './routes/time.ts';

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
  const foundations = {
    ...(await openFoundations(config, secrets, dependencies, {
      migrations: [migrations],
      beforeMigration: db => checkAuditKey(db, chain),
    })),
    chain,
    statements,
  };
  try {
    await keepPartitions(foundations);
    await openChain(foundations);
  } catch (error) {
    await foundations.close();
    throw error;
  }
  // Never unsubscribed: monitor's own records come back to it, up to the one that tells of its stop. The bus
  // ends with the process, and what arrives once the database is closed is delivered again at the next start.
  await foundations.bus.subscribe(auditTrailConsumer(foundations));
  const stopPruner = startInboxPruner(foundations);
  const access = await openAccess(foundations, {
    clientId: MACHINE_CLIENT_ID,
    clientSecret: secrets.machineSecret,
  });
  return serve(foundations, {
    prefixes: ['/monitor-service/api/v1'],
    routes: [...auditEventRoutes(foundations), eventCodeRoute, timeRoute(foundations)],
    authenticate: access.authenticate,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    async beforeClose() {
      await access.close();
      await stopPruner();
    },
  });
}
