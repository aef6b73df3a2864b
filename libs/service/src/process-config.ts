import type { Settings } from '@strongroom/config/settings';
import { METRICS_PORT, type ObservabilitySettings, readObservability } from './observability.ts';

/** What a process of the cluster needs beside its service's own settings. */
export interface ProcessConfig {
  readonly brokerUrl: string;
  /** PEM texts of the authorities of a broker and of a Redis that speak TLS. Absent: the public ones. */
  readonly brokerCa: string | undefined;
  readonly redisCa: string | undefined;
  /** Absent: the limits and memories of each replica are its own. */
  readonly redisUrl: string | undefined;
  readonly observability: ObservabilitySettings;
}

export interface ProcessSecrets {
  /** Absent: what the address says, if anything. */
  readonly brokerPassword: string | undefined;
  readonly redisPassword: string | undefined;
}

export function readProcessConfig(settings: Settings): { config: ProcessConfig; secrets: ProcessSecrets } {
  return {
    config: Object.freeze({
      // Required: a service of its own without a broker would tell nobody what happens in it.
      brokerUrl: settings.text('STRONGROOM_RABBITMQ_URL'),
      brokerCa: settings.optionalText('STRONGROOM_RABBITMQ_CA'),
      redisUrl: settings.optionalText('STRONGROOM_REDIS_URL'),
      redisCa: settings.optionalText('STRONGROOM_REDIS_CA'),
      observability: readObservability(settings, METRICS_PORT),
    }),
    secrets: {
      brokerPassword: settings.optionalText('STRONGROOM_RABBITMQ_PASSWORD'),
      redisPassword: settings.optionalText('STRONGROOM_REDIS_PASSWORD'),
    },
  };
}
