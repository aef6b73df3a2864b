import type { Replica } from './replicas.ts';

/** Without one of these the platform is not whole. */
const SERVICES = ['api-gateway', 'auth', 'monitor', 'secrets-manager', 'vault'] as const;

export interface OverallStatus {
  /** ERROR: a service has no replica that can work. WARNING: a replica cannot, or monitor does not hear them. */
  readonly status: 'RUNNING' | 'WARNING' | 'ERROR';
  readonly message: string;
  readonly services: readonly { service: string; known: number; ready: number }[];
}

/** `isHearing`: whether reports reach monitor. While they do not, silence says nothing. */
export function overallStatus(replicas: readonly Replica[], isHearing: boolean): OverallStatus {
  const names = new Set([...SERVICES, ...replicas.map(({ service }) => service)]);
  const services = [...names].sort().map(service => {
    const own = replicas.filter(replica => replica.service === service);
    return { service, known: own.length, ready: own.filter(({ isReady }) => isReady).length };
  });
  if (!isHearing) {
    const message = 'The bus cannot be reached, so monitor does not hear of the replicas';
    return { status: 'WARNING', message, services };
  }
  const missing = services.filter(({ ready }) => ready === 0).map(({ service }) => service);
  if (missing.length > 0) {
    return { status: 'ERROR', message: `No replica is ready: ${missing.join(', ')}`, services };
  }
  const ailing = services.filter(({ known, ready }) => ready < known).map(({ service }) => service);
  if (ailing.length > 0) {
    return { status: 'WARNING', message: `Some replicas are not ready: ${ailing.join(', ')}`, services };
  }
  return { status: 'RUNNING', message: 'OK', services };
}
