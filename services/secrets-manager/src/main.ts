import { runService } from '@strongroom/service/run-service';
import { readSecretsManagerConfig } from './config.ts';
import { startSecretsManager } from './service.ts';

await runService({
  service: 'secrets-manager',
  environment: process.env,
  read: readSecretsManagerConfig,
  start: startSecretsManager,
});
