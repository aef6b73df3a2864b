import { open } from 'node:fs/promises';

const TAIL_BYTES = 4096;

/** The last lines that were written after `offset`: what one start of the server had to say. */
export async function logTail(path: string, offset: number, lines = 10): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(offset, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-lines).join('\n');
  } finally {
    await handle.close();
  }
}
