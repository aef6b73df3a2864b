import type { Socket } from 'node:net';
import { openSocket, type Network } from './open-socket.ts';
import type { Limits, Place } from './target.ts';
import { TargetError } from './target-error.ts';

export interface Attempt {
  readonly socket: Socket;
  /** To be called before the new password leaves: from then on only the target knows whether it took it. */
  readonly passwordLeaves: () => void;
}

/**
 * One connection from its beginning to its end. Whatever `work` does or fails to do, it is over by the deadline and
 * the connection is closed. `work` rejects with TargetErrors only.
 */
export async function attempt<T>(
  place: Place,
  network: Network,
  { deadlineMs, signal }: Limits,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as TargetError));
  });
  const timer = setTimeout(() => controller.abort(new TargetError('timeout')), deadlineMs);
  const stop = () => controller.abort(new TargetError('aborted'));
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();

  const password = { mayHaveLeft: false };
  const perform = async () =>
    work({
      socket: await openSocket(place, network, controller.signal),
      passwordLeaves: () => (password.mayHaveLeft = true),
    });
  try {
    // The one that loses may reject later; race has seen to it.
    return await Promise.race([stopped, perform()]);
  } catch (error) {
    if (password.mayHaveLeft && error instanceof TargetError && error.details.isAnswer !== true)
      throw new TargetError(error.reason, error.details, 'unknown');
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    controller.abort(new TargetError('aborted'));
  }
}
