import { runService } from '@strongroom/service/run-service';
import { readAuthConfig } from './config.ts';
import { startAuth } from './service.ts';

await runService({
  service: 'auth',
  environment: process.env,
  read: readAuthConfig,
  start: startAuth,
});
