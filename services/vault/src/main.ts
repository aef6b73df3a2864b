import { runService } from '@strongroom/service/run-service';
import { readVaultConfig } from './config.ts';
import { startVault } from './service.ts';

await runService({
  service: 'vault',
  environment: process.env,
  read: readVaultConfig,
  start: startVault,
});
