import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createPasswordHasher, hashOfNobody } from './password.ts';
import { randomToken } from './random.ts';

const hasher = createPasswordHasher({ threads: 1 });
afterAll(() => hasher.close());

describe('password hashing', () => {
  test('is argon2id with the parameters of OWASP, salted', async () => {
    const [one, other] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
  });

  test('accepts the password and nothing near it', async () => {
    const phc = await hasher.hash('Grüße\u{1f511}');
    await expect(hasher.verify(phc, 'Grüße\u{1f511}')).resolves.toBe(true);
    for (const wrong of ['', 'grüße\u{1f511}', 'Grüße\u{1f511} ', 'Grüße\u{1f511}\0', 'Grüße']) {
      await expect(hasher.verify(phc, wrong)).resolves.toBe(false);
    }
  });

  test('takes spellings of one text for the same (NFKC)', async () => {
    const phc = await hasher.hash('Gru\u0308ße ①');
    await expect(hasher.verify(phc, 'Gr\u00fcße 1')).resolves.toBe(true);
  });

  test('reads hashes with other parameters, such as those of an earlier release', async () => {
    // The reference implementation's own test: argon2id, 64 MiB, two passes.
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    await expect(hasher.verify(phc, 'password')).resolves.toBe(true);
    await expect(hasher.verify(phc, 'Password')).resolves.toBe(false);
  });

  test('a damaged hash is an error, not a match', async () => {
    await expect(hasher.verify('', 'x')).rejects.toThrow();
    await expect(hasher.verify('$argon2id$', 'x')).rejects.toThrow();
  });

  test('without a hash there is no match, after the same work', async () => {
    const [nobodys, known] = [hashOfNobody(), await hasher.hash('known')];
    const parametersOf = (phc: string) => phc.split('$').slice(0, 4);
    const lengthsOf = (phc: string) => phc.split('$').map(part => part.length);
    expect(parametersOf(nobodys)).toEqual(parametersOf(known));
    expect(lengthsOf(nobodys)).toEqual(lengthsOf(known));
    expect(hashOfNobody()).not.toBe(nobodys);
    await expect(hasher.verify(null, 'x')).resolves.toBe(false);
    const full = createPasswordHasher({ threads: 1, maxQueue: 0 });
    try {
      // It takes a thread like any other: beside one there is no place for it.
      const hashing = full.hash('x');
      await expect(full.verify(null, 'x')).rejects.toMatchObject({ code: 'MAX_LOAD' });
      await hashing;
    } finally {
      await full.close();
    }
  });
});

describe('the queue', () => {
  test('refuses at once what it cannot hold, and recovers', async () => {
    const small = createPasswordHasher({ threads: 1, maxQueue: 2 });
    try {
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => small.hash('x')));
      const refused = outcomes.filter(outcome => outcome.status === 'rejected');
      expect(refused).toHaveLength(7);
      for (const { reason } of refused) {
        expect(reason).toMatchObject({ kind: 'unavailable', code: 'MAX_LOAD', retryAfterSeconds: 1 });
      }
      await expect(small.hash('x')).resolves.toMatch(/^\$argon2id/);
    } finally {
      await small.close();
    }
  });

  test('a failed task frees its place', async () => {
    const small = createPasswordHasher({ threads: 1, maxQueue: 0 });
    try {
      for (let i = 0; i < 3; i += 1)
        await expect(small.verify('', 'x')).rejects.not.toMatchObject({ code: 'MAX_LOAD' });
      await expect(small.verify(null, 'x')).resolves.toBe(false);
    } finally {
      await small.close();
    }
  });
});

describe('the threads', () => {
  test("are none of Node's own pool: hashing goes on while that one stands still", async () => {
    await hasher.verify(null, 'loads what the worker needs');
    const directory = await mkdtemp(path.join(os.tmpdir(), 'strongroom-pool-'));
    const pipe = path.join(directory, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    // Opening a pipe to read blocks one thread of the pool until somebody opens it to write.
    const readers = Array.from({ length: Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) }, () =>
      open(pipe, 'r'),
    );
    let poolAnswered = false;
    const poolJob = promisify(randomBytes)(1).then(() => {
      poolAnswered = true;
    });
    await hasher.verify(await hasher.hash('x'), 'x');
    expect(poolAnswered).toBe(false);
    const writer = openSync(pipe, 'r+');
    await Promise.all((await Promise.all(readers)).map(reader => reader.close()));
    closeSync(writer);
    await poolJob;
    await rm(directory, { recursive: true });
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('give way to the others, which keep their priority', async () => {
    const own = os.getPriority(0);
    const before = threadsBelow(own);
    const hashers = [createPasswordHasher({ threads: 1 }), createPasswordHasher({ threads: 1 })];
    await Promise.all(hashers.map(each => each.hash('x')));
    expect(threadsBelow(own) - before).toBe(own < 10 ? 2 : 0);
    expect(os.getPriority(0)).toBe(own);
    await Promise.all(hashers.map(each => each.close()));
  });

  test('let a process end that forgot to close them', async () => {
    const script = `
      const { Piscina } = await import('piscina');
      const filename = ${JSON.stringify(path.join(import.meta.dirname, '../worker/password-worker.mjs'))};
      const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1 });
      const options = { memoryCost: 8, timeCost: 1, parallelism: 1 };
      console.log(await pool.run({ password: 'x', options }, { name: 'hash' }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      timeout: 60_000,
    });
    expect(stdout).toMatch(/^\$argon2id\$/);
  });
});

/** How many threads of this process have a lower priority (a higher nice value) than `nice`. */
function threadsBelow(nice: number): number {
  return readdirSync('/proc/self/task').filter(thread => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) > nice;
  }).length;
}

test('a random token is 43 base64url characters, and never the same', () => {
  const tokens = Array.from({ length: 1_000 }, randomToken);
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(tokens).size).toBe(1_000);
});
