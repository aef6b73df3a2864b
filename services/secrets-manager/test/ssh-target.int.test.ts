import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { createLink } from '@strongroom/testing/link';
import { canStartSshd, startSshd, type TestSshd } from '@strongroom/testing/sshd';
import { compileScript } from '../src/domain/script-template.ts';
import type { HostKey } from '../src/targets/host-key.ts';
import { openTarget } from '../src/targets/open-target.ts';
import { readHostKey } from '../src/targets/ssh-target.ts';
import type { Authority, PasswordChange } from '../src/targets/target.ts';
import { cutEverywhere } from './interruptions.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };

const newPassword = () => `Nw+${randomBytes(12).toString('hex')}=Z`;

/** As the migration has it; `account` is what the caller would have compiled in. */
const CHPASSWD = `#!/bin/sh
set -eu
account={{username}}
IFS= read -r password || [ -n "$password" ]
printf '%s:%s\\n' "$account" "$password" | chpasswd`;

const compile = (account: string, script = CHPASSWD) =>
  compileScript('LINUX', script, { username: account, hostname: 'h', address: '127.0.0.1' });

((await canStartSshd()) ? describe : describe.skip)('a host with sshd', () => {
  let sshd: TestSshd;
  let main: Authority;
  beforeAll(async () => {
    sshd = await startSshd();
    main = {
      kind: 'main',
      account: 'root',
      credential: { kind: 'key', privateKey: sshd.rootKey },
    };
  });
  afterAll(() => sshd.stop());

  const pinned = (): HostKey[] => [{ algorithm: 'ssh-ed25519', fingerprint: sshd.fingerprints.ed25519 }];
  const open = (hostKeys = pinned(), port = sshd.port) =>
    openTarget({ kind: 'ssh', host: '127.0.0.1', port, hostKeys }, NETWORK);
  const set = (change: PasswordChange, target = open()) => target.setPassword(change, LIMITS);

  test('a main account with a key changes a password by a script, and the new one opens', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await sshd.addAccount(before);
    await set({ account, by: main, newPassword: after, script: compile(account) });
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    expect(await open().proves(account, before, LIMITS)).toBe('refused');
  });

  test('a main account with a password does so, too', async () => {
    const [password, after] = [newPassword(), newPassword()];
    const root = await sshd.addAccount(password, { isRoot: true });
    const account = await sshd.addAccount(newPassword());
    const by: Authority = { kind: 'main', account: root, credential: { kind: 'password', password } };
    await set({ account, by, newPassword: after, script: compile(account) });
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
  });

  test('an account changes its own password by passwd', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await sshd.addAccount(before);
    await set({ account, by: { kind: 'self', currentPassword: before }, newPassword: after });
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
    expect(await open().proves(account, before, LIMITS)).toBe('refused');
  });

  test('a script run by the account itself reads the new password and then the current one', async () => {
    const [before, after] = [newPassword(), newPassword()];
    const account = await sshd.addAccount(before, { loginShell: '/bin/dash' });
    const script = `read -r new; read -r old; printf '%s\\n' "$old" "$new" "$new" | passwd`;
    await set({ account, by: { kind: 'self', currentPassword: before }, newPassword: after, script });
    expect(await open().proves(account, after, LIMITS)).toBe('opens');
  });

  test('passwords that a shell would read otherwise arrive as they are', async () => {
    const account = await sshd.addAccount(newPassword());
    for (const after of [` '"\`$(id)\\n\\\\%s!*~# `, '-rf --help', 'a:b::c\\', '$HOME;reboot&&|<>(){}[]?']) {
      await set({ account, by: main, newPassword: after, script: compile(account) });
      expect(await open().proves(account, after, LIMITS)).toBe('opens');
    }
  });

  test('a rule of the host against the new password is told, without the password', async () => {
    const before = newPassword();
    const account = await sshd.addAccount(before);
    const shadow = await sshd.shadowOf(account);
    await expect(
      set({ account, by: { kind: 'self', currentPassword: before }, newPassword: 'abc' }),
    ).rejects.toMatchObject({
      reason: 'policy-refused',
      outcome: 'unknown',
      details: { exitStatus: 10 },
    });
    expect(await sshd.shadowOf(account)).toBe(shadow);
    expect(await open().proves(account, before, LIMITS)).toBe('opens');
  });

  test('a script that fails is told with its status and what it wrote', async () => {
    const account = await sshd.addAccount(newPassword());
    const script = compile(account, 'echo noise; echo "no such thing" >&2; exit 7');
    await expect(set({ account, by: main, newPassword: newPassword(), script })).rejects.toMatchObject({
      reason: 'script-failed',
      outcome: 'unknown',
      details: { exitStatus: 7, output: 'no such thing' },
    });
  });

  test.each([
    ['as it came', 'cat >&2'],
    ['traced', 'set -x; read -r p; : "$p"'],
    ['in base64', 'base64 >&2'],
    ['in hexadecimal', 'od -An -tx1 >&2'],
    ['in octal', 'od -An -to1 >&2'],
    ['reversed', 'rev >&2'],
    ['one character to a line', 'fold -w1 >&2'],
    ['in part', 'cut -c3-9 >&2'],
    ['behind much else', 'read -r p; head -c 5000 /dev/zero | tr "\\\\0" x >&2; echo "$p" >&2'],
  ])('what a failing script repeats of the password is withheld: %s', async (_, command) => {
    const account = await sshd.addAccount(newPassword());
    const after = newPassword();
    const error: unknown = await set({
      account,
      by: main,
      newPassword: after,
      script: `${command}; exit 1`,
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      reason: 'script-failed',
      details: { output: expect.stringContaining('withheld') },
    });
    expect(JSON.stringify(error)).not.toContain(after.slice(3, 9));
  });

  test('a script that a signal ends, and one that writes without end', async () => {
    const account = await sshd.addAccount(newPassword());
    const run = (script: string) => set({ account, by: main, newPassword: newPassword(), script });
    await expect(run('kill -9 $$')).rejects.toMatchObject({ reason: 'script-failed', outcome: 'unknown' });
    await expect(run('exec cat /dev/zero')).rejects.toMatchObject({
      reason: 'script-failed',
      outcome: 'unknown',
      details: { code: 'OUTPUT_TOO_LONG' },
    });
    await expect(run('exec cat /dev/zero >&2')).rejects.toMatchObject({
      details: { code: 'OUTPUT_TOO_LONG' },
    });
  });

  test('a deadline and a signal end what hangs; nobody knows what it had done', async () => {
    const account = await sshd.addAccount(newPassword());
    const marker = randomUUID();
    const change = {
      account,
      by: main,
      newPassword: newPassword(),
      script: `read -r p; : ${marker}; sleep 300`,
    };
    await expect(open().setPassword(change, { deadlineMs: 6_000 })).rejects.toMatchObject({
      reason: 'timeout',
      outcome: 'unknown',
    });
    await eventually('the host has ended the script', async () => !(await isRunning(marker)));
    const stopped = new AbortController();
    const running = open().setPassword(change, { deadlineMs: 10_000, signal: stopped.signal });
    await eventually('the script runs', () => isRunning(marker));
    stopped.abort();
    await expect(running).rejects.toMatchObject({ reason: 'aborted', outcome: 'unknown' });
    await expect(open().setPassword(change, { ...LIMITS, signal: stopped.signal })).rejects.toMatchObject({
      reason: 'aborted',
      outcome: 'unchanged',
    });
  });

  test('each of its keys may be pinned, and the others are then not asked for', async () => {
    const account = await sshd.addAccount('open-sesame-1');
    const { ed25519, ecdsa, rsa } = sshd.fingerprints;
    for (const hostKey of [
      { algorithm: 'ssh-ed25519', fingerprint: ed25519 },
      { algorithm: 'ecdsa-sha2-nistp256', fingerprint: ecdsa },
      { algorithm: 'ssh-rsa', fingerprint: rsa },
    ]) {
      expect(await open([hostKey]).proves(account, 'open-sesame-1', LIMITS)).toBe('opens');
    }
    const other = { algorithm: 'ssh-ed25519', fingerprint: rsa };
    expect(await open([other, ...pinned()]).proves(account, 'open-sesame-1', LIMITS)).toBe('opens');
  });

  test('on first use the host shows its key', async () => {
    const key = await readHostKey({ host: '127.0.0.1', port: sshd.port }, NETWORK, LIMITS);
    expect(key).toMatchObject(pinned()[0]!);
    expect(key.publicKey).toMatch(/^ssh-ed25519 AAAA/);
  });

  test.each([
    ['no key', () => [], 'host-key-unknown'],
    [
      'another key',
      () => [{ algorithm: 'ssh-ed25519', fingerprint: sshd.fingerprints.rsa }],
      'host-key-changed',
    ],
    [
      'a kind of key that it no longer has',
      () => [{ algorithm: 'ecdsa-sha2-nistp521', fingerprint: sshd.fingerprints.ecdsa }],
      'host-key-changed',
    ],
  ])('with %s pinned nothing is tried', async (_, hostKeys: () => HostKey[], reason) => {
    const account = await sshd.addAccount('open-sesame-1');
    const target = open(hostKeys());
    await expect(target.proves(account, 'open-sesame-1', LIMITS)).rejects.toMatchObject({ reason });
    const change = { account, by: main, newPassword: newPassword(), script: 'true' };
    await expect(set(change, target)).rejects.toMatchObject({ reason, outcome: 'unchanged' });
  });

  test('a wrong password or key of the main account changes nothing', async () => {
    const account = await sshd.addAccount(newPassword());
    const { rootKey } = await startKeyOf();
    for (const credential of [
      { kind: 'password', password: 'wrong' },
      { kind: 'key', privateKey: rootKey },
    ] as const) {
      const by: Authority = { kind: 'main', account: 'root', credential };
      await expect(set({ account, by, newPassword: newPassword(), script: 'true' })).rejects.toMatchObject({
        reason: 'authentication-refused',
        outcome: 'unchanged',
      });
    }
    const by: Authority = {
      kind: 'main',
      account: 'root',
      credential: { kind: 'key', privateKey: 'no key' },
    };
    await expect(set({ account, by, newPassword: newPassword(), script: 'true' })).rejects.toMatchObject({
      reason: 'key-unreadable',
    });
  });

  test('an account that is not there is refused like any other', async () => {
    expect(await open().proves(`srtest-${randomUUID()}`, 'x', LIMITS)).toBe('refused');
  });

  test.each(["o'brien", 'a;reboot', '$(reboot)', 'a b', '`id`', 'a"b', '*', 'é'])(
    'the name %j reaches a script as one word, without effect',
    async name => {
      const script = compile(name, 'test "$#" -eq 0 && printf "%s" {{username}} >&2; exit 3');
      await expect(
        set({ account: name, by: main, newPassword: newPassword(), script }),
      ).rejects.toMatchObject({ details: { exitStatus: 3, output: name } });
    },
  );

  test.each([
    '',
    '-rf',
    '--help',
    'a\nb',
    'a\rb',
    'a\0b',
    'a:b',
    'a\u2028b',
    '\u001b[2J',
    'x'.repeat(257),
    '\ud800',
  ])('the name number %# is refused before anything is connected', async account => {
    const target = open(pinned(), 1);
    const change = { account, by: main, newPassword: newPassword(), script: 'true' };
    await expect(set(change, target)).rejects.toMatchObject({ reason: 'account-refused' });
    await expect(target.proves(account, 'x', LIMITS)).rejects.toMatchObject({ reason: 'account-refused' });
    const by = { kind: 'main', account, credential: { kind: 'password', password: 'x' } } as const;
    await expect(set({ ...change, account: 'a', by }, target)).rejects.toMatchObject({
      reason: 'account-refused',
    });
  });

  test.each(['', 'a\nb', 'a\0b', 'pässword', 'x'.repeat(513)])(
    'the new password number %# is refused',
    async after => {
      const change = { account: 'a', by: main, newPassword: after, script: 'true' };
      await expect(set(change, open(pinned(), 1))).rejects.toMatchObject({ reason: 'password-refused' });
      const by = { kind: 'self', currentPassword: 'one\ntwo' } as const;
      await expect(set({ account: 'a', by, newPassword: 'x' }, open(pinned(), 1))).rejects.toMatchObject({
        reason: 'password-refused',
      });
    },
  );

  test('nobody listens, and the way freezes or breaks', async () => {
    const account = await sshd.addAccount('open-sesame-1');
    await expect(open(pinned(), 1).proves(account, 'x', LIMITS)).rejects.toMatchObject({
      reason: 'unreachable',
      details: { code: 'ECONNREFUSED' },
    });
    const link = await createLink(sshd.port);
    try {
      const target = open(pinned(), link.port);
      expect(await target.proves(account, 'open-sesame-1', LIMITS)).toBe('opens');
      link.freeze();
      await expect(target.proves(account, 'open-sesame-1', { deadlineMs: 500 })).rejects.toMatchObject({
        reason: 'timeout',
      });
      link.cut();
      await expect(target.proves(account, 'open-sesame-1', LIMITS)).rejects.toMatchObject({
        reason: 'connection-lost',
      });
      link.mend();
      const marker = randomUUID();
      const script = `read -r p; : ${marker}; sleep 300`;
      const running = target.setPassword(
        { account, by: main, newPassword: newPassword(), script },
        { deadlineMs: 20_000 },
      );
      const asserted = expect(running).rejects.toMatchObject({
        reason: 'connection-lost',
        outcome: 'unknown',
      });
      await eventually('the script runs', () => isRunning(marker));
      link.cut();
      await asserted;
    } finally {
      await link.close();
    }
  });

  test('a connection that breaks at any point: one of two passwords is the right one', async () => {
    const before = newPassword();
    const account = await sshd.addAccount(before);
    const link = await createLink(sshd.port);
    const { outcomes } = await cutEverywhere({
      target: open(pinned(), link.port),
      direct: open(),
      link,
      account,
      current: before,
      step: 307,
      changeTo: (_, after) => ({ account, by: main, newPassword: after, script: compile(account) }),
    });
    await link.close();
    expect(outcomes).toEqual(new Set(['unchanged', 'unknown', 'done']));
  });

  test('no password is on a command line or in an environment while it is changed', async () => {
    const [before, after, last] = [newPassword(), newPassword(), newPassword()];
    const account = await sshd.addAccount(before);
    const watch = { isOver: false };
    const seen: string[] = [];
    const watching = (async () => {
      while (!watch.isOver) seen.push(...(await commandLines()), ...(await environments()));
    })();
    // Slow enough for a look at every step of it.
    const script = `sleep 0.3; ${compile(account).replace('#!/bin/sh\n', '')}\nsleep 0.3`;
    await set({ account, by: main, newPassword: after, script });
    await set({ account, by: { kind: 'self', currentPassword: after }, newPassword: last });
    watch.isOver = true;
    await watching;
    const text = seen.join('\n');
    expect(text).toContain(`account='${account}'`);
    for (const password of [before, after, last]) expect(text.includes(password)).toBe(false);
    expect(await open().proves(account, last, LIMITS)).toBe('opens');
  });

  async function startKeyOf(): Promise<{ rootKey: string }> {
    const other = await startSshd();
    await other.stop();
    return other;
  }
});

((await canStartSshd()) ? describe : describe.skip)('a host that asks by keyboard-interactive alone', () => {
  test('signs in and is told the password once', async () => {
    const sshd = await startSshd(['PasswordAuthentication no', 'KbdInteractiveAuthentication yes']);
    try {
      const account = await sshd.addAccount('open-sesame-1');
      const hostKeys = [{ algorithm: 'ssh-ed25519', fingerprint: sshd.fingerprints.ed25519 }];
      const target = openTarget({ kind: 'ssh', host: '127.0.0.1', port: sshd.port, hostKeys }, NETWORK);
      expect(await target.proves(account, 'open-sesame-1', LIMITS)).toBe('opens');
      expect(await target.proves(account, 'open-sesame-2', LIMITS)).toBe('refused');
    } finally {
      await sshd.stop();
    }
  });

  test('one that takes keys alone proves nothing', async () => {
    const sshd = await startSshd(['PasswordAuthentication no']);
    try {
      const hostKeys = [{ algorithm: 'ssh-ed25519', fingerprint: sshd.fingerprints.ed25519 }];
      const target = openTarget({ kind: 'ssh', host: '127.0.0.1', port: sshd.port, hostKeys }, NETWORK);
      await expect(target.proves('root', 'x', LIMITS)).rejects.toMatchObject({
        reason: 'no-password-sign-in',
      });
    } finally {
      await sshd.stop();
    }
  });
});

const ofEveryProcess = async (file: 'cmdline' | 'environ'): Promise<string[]> => {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  // A process may end between the two looks.
  return Promise.all(ids.map(id => readFile(`/proc/${id}/${file}`, 'latin1').catch(() => '')));
};
const commandLines = async () => (await ofEveryProcess('cmdline')).map(line => line.replaceAll('\0', ' '));
const isRunning = async (marker: string) => (await commandLines()).some(line => line.includes(marker));
const environments = () => ofEveryProcess('environ');
