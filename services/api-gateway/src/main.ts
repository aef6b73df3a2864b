import { SettingsError } from '@strongroom/config/settings';
import { createLogger } from '@strongroom/log/logger';
import { readGatewayConfig, type GatewayConfig } from './config.ts';
import { startGateway } from './service.ts';

const config = readConfigOrExit();
const log = createLogger({ level: config.logLevel }, { service: 'api-gateway' });
const gateway = await startGateway(config, { log });

const signal = await new Promise<string>(resolve => {
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
});
log.info('gateway stops', { signal });
await gateway.stop();
await log.close();

function readConfigOrExit(): GatewayConfig {
  try {
    return readGatewayConfig(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
