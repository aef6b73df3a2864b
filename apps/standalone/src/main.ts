import process from 'node:process';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { createLogger } from '@strongroom/log/logger';
import { startPlatform, type Platform } from './platform.ts';

import { readStandaloneSettings } from './settings.ts';

/** Runs the platform in the foreground until Ctrl-C, SIGTERM or the end of its database. */
async function main(): Promise<void> {
  const { settings, secrets } = readStandaloneSettings(process.env);
  const {
    host,
    port,
    dataDirectory,
    logLevel,
    limits,
    callerRateLimitPerSecond,
    auth,
    vault,
    rotation,
    observability,
    trail,
    forwarding,
    publicUrl,
  } = settings;
  const stopSignal = nextSignal();
  const platform = await startPlatform({
    dataDirectory,
    host,
    port: port === 0 ? await freePort() : port,
    rootKey: secrets.rootKey,
    auditKey: secrets.auditKey,
    newRootKey: secrets.newRootKey,
    limits,
    callerRateLimitPerSecond,
    auth,
    vault,
    rotation,
    observability,
    trail,
    forwarding,
    auditHttpToken: secrets.auditHttpToken,
    publicUrl,
    openLog: file =>
      createLogger({ level: logLevel, file: { path: file, maxBytes: 20_000_000, maxFiles: 5 } }),
  });
  process.stdout.write(banner(platform));
  const cause = await Promise.race([stopSignal, platform.databaseExited.then(() => 'database' as const)]);
  process.stdout.write('\nStopping …\n');
  await platform.stop();
  if (cause === 'database')
    throw new Error(`The database ended by itself; see ${platform.paths.databaseLog}`);
  process.stdout.write('Stopped.\n');
}

/** The first signal asks for a clean stop; the second ends at once. */
function nextSignal(): Promise<'signal'> {
  return new Promise(resolve => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve('signal');
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

const banner = ({ baseUrl, paths, hasCredentials }: Platform): string => `
Strongroom is ready.

  URL          ${baseUrl}
  API          ${baseUrl}/docs
  Credentials  ${hasCredentials ? paths.credentials : 'taken away from the data directory'}
  CA           ${paths.caFile}
  Log          ${paths.root}/strongroom.log

Stop with Ctrl-C.
`;

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isForOperators = error instanceof Error;
    process.stderr.write(
      `Strongroom could not start or had to stop.\n${isForOperators ? error.message : ''}\n`,
    );
    process.exit(1);
  },
);
