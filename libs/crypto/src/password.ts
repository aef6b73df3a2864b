import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { Piscina } from 'piscina';
import { passwordHashingBusy } from './crypto-errors.ts';

/** argon2id (the library's default) with OWASP's parameters: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** For passwords that people sign in with. Each is taken in its NFKC form, so keyboards may differ. */
export interface PasswordHasher {
  /** A PHC string that carries its own salt. */
  hash: (password: string) => Promise<string>;
  /** Without a hash (null) it takes as long and is false: whether somebody is known must not show in time. */
  verify: (phc: string | null, password: string) => Promise<boolean>;
  /** Passwords that are being hashed or wait for it, and how many there may be. */
  load: () => { underWay: number; limit: number };
  close: () => Promise<void>;
}

export interface PasswordHasherOptions {
  threads?: number;
  /** Passwords that may wait for a thread; above, MAX_LOAD at once. */
  maxQueue?: number;
  /**
   * After each hash its thread rests for so many times as long as the hash took. Who signs in alone does not notice;
   * with the default of 2 a storm is held to a third of a processor, and with it all other work of its sign-ins.
   */
  restFactor?: number;
}

export const normalizePassword = (password: string): string => password.normalize('NFKC');

/**
 * Hashes in threads of its own: eight hashes in Node's own pool would hold up every token verification behind
 * them. The threads do not keep a process alive.
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const threads = options.threads ?? Math.max(1, Math.floor(os.availableParallelism() / 4));
  const restFactor = options.restFactor ?? 2;
  const limit = threads + (options.maxQueue ?? 64 * threads);
  const pool = new Piscina({
    filename: path.join(import.meta.dirname, '../worker/password-worker.mjs'),
    minThreads: threads,
    maxThreads: threads,
  });
  const nobodysHash = hashOfNobody();
  let underWay = 0;

  async function run<T>(name: 'hash' | 'verify', task: Record<string, unknown>): Promise<T> {
    if (underWay >= limit) throw passwordHashingBusy();
    underWay += 1;
    try {
      return (await pool.run(task, { name })) as T;
    } finally {
      underWay -= 1;
    }
  }

  return {
    hash: password =>
      run<string>('hash', { password: normalizePassword(password), options: OPTIONS, restFactor }),
    async verify(phc, password) {
      const task = { phc: phc ?? nobodysHash, password: normalizePassword(password), restFactor };
      return (await run<boolean>('verify', task)) && phc !== null;
    },
    load: () => ({ underWay, limit }),
    close: () => pool.destroy(),
  };
}

/** Of the same cost as a real one; nobody knows a password for it. */
export function hashOfNobody(): string {
  const { memoryCost, timeCost, parallelism } = OPTIONS;
  const random = (length: number) => randomBytes(length).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${random(16)}$${random(32)}`;
}
