import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Environment, readSettings } from '@strongroom/config/settings';
import { isHostName, isOrigin } from '@strongroom/installation/public-address';

export interface ClusterSettings {
  /** What the containers read as secrets, and the operator's credentials. */
  readonly directory: string;
  /** The address of this machine that the gateway is published on. */
  readonly host: string;
  readonly port: number;
  /** What clients are told, and tokens state. */
  readonly baseUrl: string;
}

// The same from src and from dist.
export const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');

/** The settings that docker-compose.yml takes from the same environment, under the same names and defaults. */
export function readClusterSettings(environment: Environment): ClusterSettings {
  const values = readSettings(environment);
  const host = values.text('STRONGROOM_HOST', '127.0.0.1');
  const port = values.integer('STRONGROOM_PORT', { min: 1, max: 65_535 }, 8443);
  const publicUrl = values.text('STRONGROOM_PUBLIC_URL', `https://localhost:${port}`);
  if (isIP(host) === 0 && !isHostName(host)) {
    values.fault('STRONGROOM_HOST must be an IP address or a host name');
  }
  if (!isOrigin(publicUrl)) {
    values.fault('STRONGROOM_PUBLIC_URL must be https, a host and no path, e.g. https://vault.example.org');
  }
  const directory = resolve(REPOSITORY, values.text('STRONGROOM_CLUSTER_DIR', 'var/cluster'));
  values.finish();
  return Object.freeze({ directory, host, port, baseUrl: publicUrl });
}
