import { runProcess } from '@strongroom/service/run-process';
import { readGatewayConfig } from './config.ts';
import { startGateway } from './service.ts';

await runProcess({
  service: 'api-gateway',
  environment: process.env,
  read: environment => ({ config: readGatewayConfig(environment), secrets: {} }),
  start: (config, _secrets, dependencies) => startGateway(config, dependencies),
});
