import { connect, type LookupFunction, type Socket } from 'node:net';
import { errorCode } from '@strongroom/errors/system-error';
import { AddressRefused, checkedLookup, isRefusedLiteral } from '@strongroom/http/checked-lookup';
import { isReachable } from './reachable-address.ts';
import { TargetError } from './target-error.ts';

export interface Network {
  /** Whether this machine's own accounts may be targets. */
  readonly allowLoopback: boolean;
  /** Resolves names; tests pass their own. */
  readonly lookup?: LookupFunction;
}

/** A connection to one of the addresses that the name had when it was checked. `signal` ends it, now or later. */
export function openSocket(
  { host, port }: { host: string; port: number },
  { allowLoopback, lookup }: Network,
  signal: AbortSignal,
): Promise<Socket> {
  const mayConnect = (address: string) => isReachable(address, allowLoopback);
  return new Promise((resolve, reject) => {
    if (isRefusedLiteral(host, mayConnect)) {
      reject(new TargetError('address-refused'));
      return;
    }
    const socket = connect({ host, port, lookup: checkedLookup(mayConnect, lookup), noDelay: true });
    // Stays for as long as the socket: an error that comes late must not end the process.
    socket.on('error', error => {
      if (error instanceof AddressRefused) reject(new TargetError('address-refused'));
      else reject(new TargetError('unreachable', { code: systemCode(error) }));
    });
    socket.once('connect', () => resolve(socket));
    const end = () => void socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
  });
}

function systemCode(error: unknown): string | undefined {
  const code = errorCode(error);
  return typeof code === 'string' ? code : undefined;
}
