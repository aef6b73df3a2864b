import { runService } from '@strongroom/service/run-service';
import { readMonitorConfig } from './config.ts';
import { startMonitor } from './service.ts';

await runService({
  service: 'monitor',
  environment: process.env,
  read: readMonitorConfig,
  start: startMonitor,
});
