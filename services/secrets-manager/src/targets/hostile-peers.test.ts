import { once } from 'node:events';
import {
  connect,
  createServer,
  type AddressInfo,
  type LookupFunction,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Server, utils, type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { describeHostKey, type HostKey } from './host-key.ts';
import { openTarget } from './open-target.ts';
import { readHostKey } from './ssh-target.ts';
import type { PasswordChange, TargetDescription } from './target.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };
/** For peers that never answer. */
const SHORT = { deadlineMs: 150 };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const BY_MAIN: PasswordChange = {
  account: 'app',
  by: { kind: 'main', account: 'root', credential: { kind: 'password', password: 'main-Passw0rd' } },
  newPassword: 'new-Passw0rd',
  script: 'true',
};

describe('a peer that is no such server', () => {
  const kinds = ['ssh', 'postgresql', 'mysql'] as const;
  const describeAt = (kind: (typeof kinds)[number], port: number): TargetDescription =>
    kind === 'ssh'
      ? { kind, host: '127.0.0.1', port, hostKeys: [{ algorithm: 'ssh-ed25519', fingerprint: 'SHA256:x' }] }
      : { kind, host: '127.0.0.1', port, tls: 'off' };

  test.each(kinds)('says nothing: %s', async kind => {
    const target = openTarget(describeAt(kind, await listen(() => undefined)), NETWORK);
    const expected = { reason: 'timeout', outcome: 'unchanged' };
    await expect(target.setPassword(BY_MAIN, SHORT)).rejects.toMatchObject(expected);
    await expect(target.proves('app', 'x', SHORT)).rejects.toMatchObject(expected);
  });

  test.each(kinds)('hangs up at once: %s', async kind => {
    const target = openTarget(describeAt(kind, await listen(socket => socket.end())), NETWORK);
    await expect(target.setPassword(BY_MAIN, LIMITS)).rejects.toMatchObject({
      reason: 'connection-lost',
      outcome: 'unchanged',
    });
  });

  test.each(kinds)('answers something else: %s', async kind => {
    for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '\0'.repeat(64), '\xff'.repeat(300)]) {
      const port = await listen(socket => socket.end(Buffer.from(answer, 'latin1')));
      const target = openTarget(describeAt(kind, port), NETWORK);
      await expect(target.proves('app', 'x', LIMITS)).rejects.toMatchObject({
        name: 'TargetError',
        outcome: 'unchanged',
      });
    }
  });

  test('has no TLS: a database is told nothing', async () => {
    const port = await listen(socket => socket.once('data', () => socket.end('N')));
    const target = openTarget({ kind: 'postgresql', host: '127.0.0.1', port, tls: {} }, NETWORK);
    await expect(target.proves('app', 'x', LIMITS)).rejects.toMatchObject({ reason: 'certificate-refused' });
  });
});

describe('an address', () => {
  const at = (host: string, lookup: LookupFunction, allowLoopback = false) =>
    openTarget({ kind: 'postgresql', host, port: 5432, tls: {} }, { allowLoopback, lookup });
  const answering =
    (...addresses: string[]): LookupFunction =>
    (_, __, callback) =>
      callback(
        null,
        addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  test.each([
    ['169.254.169.254', answering()],
    ['127.0.0.1', answering()],
    ['metadata.test', answering('169.254.169.254')],
    ['mixed.test', answering('10.0.0.1', '169.254.169.254')],
    ['mapped.test', answering('::ffff:169.254.169.254')],
    ['self.test', answering('127.0.0.1')],
  ])('%s is never connected to', async (host, lookup) => {
    await expect(at(host, lookup).proves('a', 'x', LIMITS)).rejects.toMatchObject({
      reason: 'address-refused',
    });
  });

  test('is looked up once', async () => {
    const port = await listen(socket => socket.end());
    const answers = ['127.0.0.1', '169.254.169.254'];
    const lookup: LookupFunction = (name, options, callback) =>
      answering(answers.shift() ?? '')(name, options, callback);
    const target = openTarget(
      { kind: 'postgresql', host: 'rebound.test', port, tls: {} },
      { allowLoopback: true, lookup },
    );
    await expect(target.proves('a', 'x', LIMITS)).rejects.toMatchObject({ reason: 'connection-lost' });
    expect(answers).toHaveLength(1);
  });

  test('that no name server tells, and one that is there too late', async () => {
    const failing: LookupFunction = (_, __, callback) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    await expect(at('none.test', failing).proves('a', 'x', LIMITS)).rejects.toMatchObject({
      reason: 'unreachable',
      details: { code: 'ENOTFOUND' },
    });
    await expect(at('slow.test', () => undefined).proves('a', 'x', SHORT)).rejects.toMatchObject({
      reason: 'timeout',
    });
  });
});

test('a host of Windows is refused at once, with a plain reason', async () => {
  const target = openTarget({ kind: 'winrm', host: '10.0.0.1', port: 5986 }, NETWORK);
  await expect(target.setPassword(BY_MAIN, LIMITS)).rejects.toMatchObject({
    reason: 'unsupported',
    outcome: 'unchanged',
    message: 'passwords on hosts of this kind cannot be changed yet',
  });
  await expect(target.proves('a', 'x', LIMITS)).rejects.toMatchObject({ reason: 'unsupported' });
});

describe('an SSH server that misbehaves', () => {
  const accept = (context: AuthContext) =>
    context.method === 'password' ? context.accept() : context.reject(['password']);
  /** What it was told on standard input, once that is over. */
  const reading =
    (then: (channel: ServerChannel, input: string) => void) => (accepting: () => ServerChannel) => {
      const channel = accepting();
      let input = '';
      channel.on('data', (chunk: Buffer) => (input += chunk.toString()));
      channel.on('end', () => then(channel, input));
    };
  const succeed = (channel: ServerChannel) => {
    channel.exit(0);
    channel.end();
  };

  test('answers well, and then is told the password on standard input alone', async () => {
    const told: unknown[] = [];
    const host = await fakeHost({
      authenticate: accept,
      onScript: (accepting, command) => {
        reading((channel, input) => {
          told.push(command, input);
          succeed(channel);
        })(accepting);
      },
    });
    await host.target.setPassword(BY_MAIN, LIMITS);
    expect(told).toEqual([`exec timeout -k 1 60 /bin/sh -c 'true'`, 'new-Passw0rd\n']);
  });

  test('answers slowly', async () => {
    const host = await fakeHost({ authenticate: accept, onScript: reading(succeed) });
    const port = await listen(near => relay(near, host.port, slowly));
    await host.at(port).setPassword(BY_MAIN, LIMITS);
  });

  test('changes its key: it is told no password', async () => {
    const methods: string[] = [];
    const authenticate = (context: AuthContext) => {
      methods.push(context.method);
      accept(context);
    };
    const host = await fakeHost({ authenticate, onScript: reading(succeed) });
    const other = await fakeHost({ authenticate, onScript: reading(succeed) });
    await expect(host.at(other.port).setPassword(BY_MAIN, LIMITS)).rejects.toMatchObject({
      reason: 'host-key-changed',
      outcome: 'unchanged',
    });
    expect(methods).toEqual([]);
    expect(await readHostKey({ host: '127.0.0.1', port: other.port }, NETWORK, LIMITS)).toMatchObject(
      other.hostKey,
    );
    expect(methods).toEqual([]);
  });

  test('takes the change and then refuses the new password', async () => {
    const host = await fakeHost({
      authenticate: context =>
        context.method === 'password' && context.username === 'root'
          ? context.accept()
          : context.reject(['password']),
      onScript: reading(succeed),
    });
    await host.target.setPassword(BY_MAIN, LIMITS);
    expect(await host.target.proves('app', 'new-Passw0rd', LIMITS)).toBe('refused');
  });

  test.each([
    [
      'before it says whether the script may run',
      (_: unknown, __: unknown, peer: Connection) => void peer.end(),
      'unchanged',
      'connection-lost',
    ],
    ['by refusing to run it', (_: unknown, refuse: () => void) => refuse(), 'unchanged', 'change-refused'],
    [
      'before it reads',
      (accepting: () => ServerChannel, _: unknown, peer: Connection) => {
        accepting();
        peer.end();
      },
      'unknown',
      'connection-lost',
    ],
    [
      'after it has read',
      (accepting: () => ServerChannel, _: unknown, peer: Connection) => reading(() => peer.end())(accepting),
      'unknown',
      'connection-lost',
    ],
    [
      'without a status',
      (accepting: () => ServerChannel) => reading(channel => channel.end())(accepting),
      'unknown',
      'connection-lost',
    ],
  ])('ends %s', async (_, behave, outcome, reason) => {
    const host = await fakeHost({
      authenticate: accept,
      onScript: (accepting, __, refuse, peer) => behave(accepting, refuse, peer),
    });
    await expect(host.target.setPassword(BY_MAIN, LIMITS)).rejects.toMatchObject({ reason, outcome });
  });

  test('never ends: whoever gives up does not know', async () => {
    const stop = new AbortController();
    const { target } = await fakeHost({
      authenticate: accept,
      onScript: accepting => accepting().once('data', () => stop.abort()),
    });
    await expect(target.setPassword(BY_MAIN, { ...LIMITS, signal: stop.signal })).rejects.toMatchObject({
      reason: 'aborted',
      outcome: 'unknown',
    });
  });

  test.each([
    ['nobody for a password', (context: AuthContext) => context.accept()],
    [
      'for a second factor',
      (context: AuthContext) => context.reject(['password'], context.method === 'password'),
    ],
    ['for keys alone', (context: AuthContext) => context.reject(['publickey'])],
  ])('asks %s: no password is proved', async (_, authenticate) => {
    const { target } = await fakeHost({ authenticate, onScript: reading(succeed) });
    await expect(target.proves('app', 'x', LIMITS)).rejects.toMatchObject({ reason: 'no-password-sign-in' });
  });

  test('asks for the password again and again: it is told it once, and no other question', async () => {
    const answers: string[][] = [];
    const ask = (context: AuthContext) => {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return;
      }
      const questions = [
        [{ prompt: 'Colour? ', echo: true }],
        [],
        [
          { prompt: 'New: ', echo: false },
          { prompt: 'Again: ', echo: false },
        ],
        [{ prompt: 'Password: ', echo: false }],
        [{ prompt: 'Password: ', echo: false }],
      ];
      const next = () => {
        const question = questions.shift();
        if (question === undefined) context.reject(['keyboard-interactive']);
        else
          context.prompt(question, given => {
            answers.push(given);
            next();
          });
      };
      next();
    };
    const { target } = await fakeHost({ authenticate: ask, onScript: reading(succeed) });
    expect(await target.proves('app', 'the-Passw0rd', LIMITS)).toBe('refused');
    expect(answers).toEqual([[''], [], ['', ''], ['the-Passw0rd'], ['']]);
  });

  test('breaks off at any byte: no failure is missed, and none says "unchanged" once it was told the password', async () => {
    const told: Buffer[] = [];
    const host = await fakeHost({
      authenticate: accept,
      onScript: accepting => {
        const channel = accepting();
        channel.on('data', (chunk: Buffer) => told.push(chunk));
        channel.on('end', () => succeed(channel));
      },
    });
    for (let bytes = 0; ; bytes += 29) {
      told.length = 0;
      const port = await listen(near => relay(near, host.port, cutAfter(bytes)));
      const error: unknown = await host
        .at(port)
        .setPassword(BY_MAIN, LIMITS)
        .catch((e: unknown) => e);
      if (error === undefined) break;
      expect(error).toMatchObject({ name: 'TargetError' });
      if (told.length > 0) expect(error).toMatchObject({ outcome: 'unknown' });
    }
    expect(told).not.toEqual([]);
  });
});

interface FakeBehaviour {
  readonly authenticate: (context: AuthContext) => void;
  readonly onScript: (
    accepting: () => ServerChannel,
    command: string,
    refuse: () => void,
    peer: Connection,
  ) => void;
}

/** ssh2 makes one ed25519 key in some two hundred that it cannot read itself. */
function makeHostKey(): { privateKey: string; parsed: ParsedKey } {
  for (;;) {
    const { private: privateKey } = utils.generateKeyPairSync('ed25519');
    const parsed = utils.parseKey(privateKey);
    if (!(parsed instanceof Error)) return { privateKey, parsed };
  }
}

async function fakeHost({ authenticate, onScript }: FakeBehaviour) {
  const { privateKey, parsed } = makeHostKey();
  const hostKey: HostKey = describeHostKey(parsed.getPublicSSH());
  const server = new Server({ hostKeys: [privateKey] }, peer => {
    peer.on('error', () => undefined);
    peer.on('authentication', authenticate);
    peer.on('session', acceptSession => {
      acceptSession().on('exec', (acceptExec, refuse, { command }) =>
        onScript(acceptExec, command, refuse, peer),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const at = (reached: number) =>
    openTarget({ kind: 'ssh', host: '127.0.0.1', port: reached, hostKeys: [hostKey] }, NETWORK);
  return { port, hostKey, at, target: at(port) };
}

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: TcpServer = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Gives what came from the server to the client in its own way. */
type Forward = (chunk: Buffer, near: Socket) => void;

function relay(near: Socket, port: number, forward: () => Forward): void {
  const far = connect(port, '127.0.0.1');
  far.on('error', () => near.end());
  const pass = forward();
  near.setNoDelay(true);
  near.on('data', chunk => void far.write(chunk));
  near.on('close', () => far.destroy());
  far.on('data', chunk => pass(chunk, near));
  far.on('close', () => near.end());
}

const slowly = (): Forward => {
  const waiting: [number, Socket][] = [];
  const next = () => {
    const [byte, near] = waiting.shift() ?? [];
    if (byte === undefined || near === undefined) return;
    near.write(Buffer.of(byte));
    setImmediate(next);
  };
  return (chunk, near) => {
    const isIdle = waiting.length === 0;
    for (const byte of chunk) waiting.push([byte, near]);
    if (isIdle) setImmediate(next);
  };
};

const cutAfter = (bytes: number) => (): Forward => {
  let left = bytes;
  return (chunk, near) => {
    if (chunk.length <= left) near.write(chunk);
    else near.end(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  };
};
