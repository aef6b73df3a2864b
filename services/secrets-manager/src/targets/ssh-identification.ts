import type { Socket } from 'node:net';
import { TargetError } from './target-error.ts';

/** Room for the lines that a server may send before it says who it is. */
const MAX_BYTES = 8_192;

/**
 * Waits until the server's identification (RFC 4253, 4.2) is there as a whole, and puts it back. From slow hosts it
 * comes in pieces, of which ssh2 1.17 keeps the first and the last.
 */
export function awaitIdentification(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (/^SSH-[^\n]*\n/m.test(received.toString('latin1'))) settle(resolve);
      else if (received.length > MAX_BYTES) settle(() => reject(new TargetError('protocol-error')));
    };
    const onEnd = () => settle(() => reject(new TargetError('connection-lost')));
    const settle = (then: () => void) => {
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).pause();
      if (received.length > 0 && !socket.readableEnded) socket.unshift(received);
      then();
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
  });
}
