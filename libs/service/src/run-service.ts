import { untilDatabaseAnswers } from '@strongroom/db/await-database';
import { runProcess, type Program } from './run-process.ts';
import type { ServiceConfig, ServiceSecrets } from './service-config.ts';

/** Then the process ends, and whoever watches it sees that and starts another. */
const DATABASE_WAIT_MS = 5 * 60_000;

/** Runs a service that has a database, which need not be there yet. */
export const runService = <Config extends ServiceConfig, Secrets extends ServiceSecrets>(
  program: Program<Config, Secrets>,
): Promise<never> =>
  runProcess({
    ...program,
    async start(config, secrets, dependencies) {
      const { databaseUrl: url, schema } = config;
      await untilDatabaseAnswers(
        { url, schema, password: secrets.databasePassword },
        { giveUpMs: DATABASE_WAIT_MS, log: dependencies.log, signal: dependencies.stopping },
      );
      return program.start(config, secrets, dependencies);
    },
  });
