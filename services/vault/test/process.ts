import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { eventually } from '@strongroom/testing/eventually';
import type { TestVault } from './support.ts';

/** A replica as the cluster runs it: a process of its own, on the database of `vault`. */
export interface VaultProcess {
  readonly url: string;
  kill: () => Promise<void>;
}

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');

export async function startVaultProcess(vault: TestVault): Promise<VaultProcess> {
  const port = await freePort();
  const { config, secrets } = vault;
  const child = spawn(process.execPath, [MAIN], {
    env: {
      STRONGROOM_LISTEN_PORT: String(port),
      STRONGROOM_METRICS_PORT: '0',
      STRONGROOM_DATABASE_URL: config.databaseUrl,
      STRONGROOM_DATABASE_PASSWORD: secrets.databasePassword,
      STRONGROOM_ROOT_KEY: secrets.rootKey.reveal().toString('base64url'),
      STRONGROOM_AUTH_URL: config.authUrl,
      STRONGROOM_ISSUER: config.issuer,
      STRONGROOM_SECRETS_MANAGER_URL: config.secretsManagerUrl,
      STRONGROOM_MACHINE_SECRET: secrets.machineSecret,
      // There is none; events wait in the outbox.
      STRONGROOM_RABBITMQ_URL: 'amqp://127.0.0.1:1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    'it is ready',
    () => {
      if (child.exitCode !== null) throw new Error('the vault ended');
      return fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    60_000,
  );
  return {
    url,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
