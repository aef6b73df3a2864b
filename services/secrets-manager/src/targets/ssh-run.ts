import type { Client } from 'ssh2';
import { TargetError } from './target-error.ts';

const MAX_WRITTEN_BYTES = 1_048_576;
const KEPT_BYTES = 8_192;

export interface CommandRun {
  readonly command: string;
  /** The whole of standard input. */
  readonly input: string;
  /** Called before the input leaves. */
  readonly onAccepted: () => void;
}

export interface CommandEnd {
  /** Undefined when a signal ended it. */
  readonly exitStatus: number | undefined;
  /** The last of what it wrote to standard error. */
  readonly errors: Buffer;
}

/** Without a terminal, so nothing echoes. Standard output is read and dropped. */
export function runCommand(client: Client, { command, input, onAccepted }: CommandRun): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const onLoss = () => reject(new TargetError('connection-lost'));
    client.once('close', onLoss);
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(new TargetError('change-refused', { isAnswer: true }));
        return;
      }
      let written = 0;
      let errors = Buffer.alloc(0);
      let end: { exitStatus: number | undefined } | undefined;
      const count = (chunk: Buffer) => {
        written += chunk.length;
        if (written > MAX_WRITTEN_BYTES)
          reject(new TargetError('script-failed', { code: 'OUTPUT_TOO_LONG' }));
      };
      channel.on('data', count);
      channel.stderr.on('data', (chunk: Buffer) => {
        count(chunk);
        errors = Buffer.concat([errors, chunk]).subarray(-KEPT_BYTES);
      });
      channel.on('exit', (status: number | null) => (end = { exitStatus: status ?? undefined }));
      channel.on('close', () => {
        if (end === undefined) onLoss();
        else resolve({ ...end, errors });
      });
      channel.on('error', onLoss);
      onAccepted();
      channel.end(input);
    });
  });
}
