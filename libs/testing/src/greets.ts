import { connect } from 'node:net';

/**
 * Whether a server says now what it should, by itself or when it is greeted. By hand, so that the fixtures need no client
 * library.
 */
export function greets(
  port: number,
  isGreeting: (chunk: Buffer) => boolean,
  greeting?: Buffer,
): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    if (greeting !== undefined) socket.write(greeting);
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('data', chunk => finish(isGreeting(chunk)));
  });
}
