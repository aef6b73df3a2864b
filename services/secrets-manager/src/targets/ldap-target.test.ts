import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { encode, encodeInteger, encodeText, readElements, readInteger, TAG } from './ldap-ber.ts';
import { createFraming } from './ldap-framing.ts';
import { decodeMessage, encodeMessage, RESPONSE, type LdapMessage } from './ldap-messages.ts';
import { ldapTarget } from './ldap-target.ts';
import type { Authority, Limits } from './target.ts';

/** Directories that are played: Active Directory as its documents have it, and those that break off or say nothing. */

const LIMITS: Limits = { deadlineMs: 60_000 };
const SHORT: Limits = { deadlineMs: 400 };
const SERVICE = { name: 'cn=rotator,dc=test', password: 'service-Passw0rd' };
const MAIN: Authority = {
  kind: 'main',
  account: SERVICE.name,
  credential: { kind: 'password', password: SERVICE.password },
};
const ENTRY = 'cn=Smith\\, J.,dc=test';

let ca: string;
let certificate: { certificate: string; key: string };
beforeAll(async () => {
  const authority = await issueAuthority(new Date());
  ca = authority.certificate;
  certificate = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
});

const servers: Server[] = [];
const sockets = new Set<TLSSocket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
});

const REQUEST = { bind: 0x60, search: 0x63, modify: 0x66, extended: 0x77 } as const;

type Answer = readonly [tag: number, code: number, text?: string] | 'silence' | 'hang up';

interface Play {
  readonly isActiveDirectory?: boolean;
  /** Binds by the password that they give. */
  readonly bind?: Readonly<Record<string, Answer>>;
  readonly change?: Answer;
  readonly names?: Readonly<Record<string, string>>;
}

const OK: Answer = [RESPONSE.bind, 0];

/** Plays a directory of one account; gives the requests for changes that it got. */
async function directory(play: Play) {
  const changes: LdapMessage[] = [];
  const binds: string[] = [];
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const framing = createFraming(65_536);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of framing.take(chunk)) take(socket, decodeMessage(frame));
    });
  });
  const reply = (socket: TLSSocket, id: number, answer: Answer) => {
    if (answer === 'silence') return;
    if (answer === 'hang up') return void socket.destroy();
    const [tag, code, text = ''] = answer;
    const parts = [encodeInteger(code, TAG.enumerated), encodeText(''), encodeText(text)];
    socket.write(encodeMessage(id, encode(tag, ...parts)));
  };
  const take = (socket: TLSSocket, message: LdapMessage) => {
    const { id, tag, content } = message;
    if (tag === REQUEST.bind) {
      const [, name, password] = readElements(content);
      binds.push(name?.content.toString() ?? '');
      const given = password?.content.toString() ?? '';
      reply(socket, id, given === SERVICE.password ? OK : (play.bind?.[given] ?? OK));
      return;
    }
    if (tag === REQUEST.search) {
      const [base] = readElements(content);
      const isRoot = base?.content.length === 0;
      const capabilities = play.isActiveDirectory === true ? ['1.2.840.113556.1.4.800'] : [];
      const found = isRoot
        ? attributes({ supportedCapabilities: capabilities })
        : attributes(Object.fromEntries(Object.entries(play.names ?? {}).map(([k, v]) => [k, [v]])));
      const name = encodeText(isRoot ? '' : ENTRY);
      socket.write(encodeMessage(id, encode(RESPONSE.searchEntry, name, found)));
      reply(socket, id, [RESPONSE.searchDone, 0]);
      return;
    }
    if (tag === REQUEST.modify || tag === REQUEST.extended) {
      changes.push(message);
      const response = tag === REQUEST.modify ? RESPONSE.modify : RESPONSE.extended;
      const answer = play.change ?? [response, 0];
      reply(socket, id, typeof answer === 'string' ? answer : [response, answer[1]]);
      return;
    }
  };
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target = (signIn: typeof SERVICE | null = SERVICE) =>
    ldapTarget(
      {
        kind: 'directory',
        host: '127.0.0.1',
        port,
        protocol: 'ldaps',
        trust: { ca },
        baseDn: 'dc=test',
        filter: '(uid=smith)',
        ...(signIn === null ? {} : { signIn }),
      },
      { allowLoopback: true },
    );
  return { target, changes, binds };
}

const attributes = (values: Readonly<Record<string, readonly string[]>>): Buffer =>
  encode(
    TAG.sequence,
    ...Object.entries(values).map(([name, each]) =>
      encode(TAG.sequence, encodeText(name), encode(TAG.set, ...each.map(value => encodeText(value)))),
    ),
  );

const set = (by: Authority = MAIN) => ({ account: 'smith', by, newPassword: 'new "Passw0rd' });

describe('Active Directory', () => {
  /** Operation, attribute and value of each change. */
  const changesOf = ({ content }: LdapMessage) => {
    const [name, list] = readElements(content);
    return {
      name: name?.content.toString(),
      changes: readElements(list?.content ?? Buffer.alloc(0)).map(each => {
        const [operation, change] = readElements(each.content);
        const [attribute, values] = readElements(change?.content ?? Buffer.alloc(0));
        const [value] = readElements(values?.content ?? Buffer.alloc(0));
        if (operation === undefined) throw new Error('no operation');
        return [
          readInteger(operation.content),
          attribute?.content.toString(),
          value?.content.toString('utf16le'),
        ];
      }),
    };
  };

  test('gets unicodePwd replaced by who may', async () => {
    const { target, changes } = await directory({ isActiveDirectory: true });
    await target().setPassword(set(), LIMITS);
    expect(changes.map(changesOf)).toEqual([
      { name: ENTRY, changes: [[2, 'unicodePwd', '"new "Passw0rd"']] },
    ]);
  });

  test('gets the old one taken away and the new one put there by the account itself', async () => {
    const { target, changes, binds } = await directory({ isActiveDirectory: true });
    await target(null).setPassword(set({ kind: 'self', currentPassword: 'old' }), LIMITS);
    expect(binds).toEqual([ENTRY]);
    expect(changes.map(changesOf)).toEqual([
      {
        name: ENTRY,
        changes: [
          [1, 'unicodePwd', '"old"'],
          [0, 'unicodePwd', '"new "Passw0rd"'],
        ],
      },
    ]);
  });

  const says = (data: string): Answer => [
    RESPONSE.bind,
    49,
    `80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data ${data}, v2580\0`,
  ];

  test('refuses a wrong password, and says nothing of one for an account that may not sign in', async () => {
    const codes = { expired: '532', 'must change': '773', disabled: '533', locked: '775', unknown: '525' };
    const { target } = await directory({
      bind: {
        wrong: says('52e'),
        ...Object.fromEntries(Object.entries(codes).map(([word, data]) => [word, says(data)])),
      },
    });
    expect(await target().proves('smith', 'right', LIMITS)).toBe('opens');
    expect(await target().proves('smith', 'wrong', LIMITS)).toBe('refused');
    for (const [word, data] of Object.entries(codes)) {
      await expect(target().proves('smith', word, LIMITS)).rejects.toMatchObject({
        reason: 'authentication-refused',
        details: { code: `invalidCredentials/${data}` },
      });
    }
  });

  test.each([
    ['userPrincipalName', 'rotator@test', 'Rotator@TEST'],
    ['sAMAccountName', 'Rotator', 'TEST\\rotator'],
  ])('does not change the password of who signs in, by %s', async (attribute, value, name) => {
    const { target, changes } = await directory({ isActiveDirectory: true, names: { [attribute]: value } });
    const by: Authority = { ...MAIN, account: name };
    await expect(target({ ...SERVICE, name }).setPassword(set(by), LIMITS)).rejects.toMatchObject({
      reason: 'own-account',
      outcome: 'unchanged',
    });
    expect(changes).toEqual([]);
  });
});

describe('a directory', () => {
  test.each<[Answer, string, string]>([
    ['hang up', 'connection-lost', 'unknown'],
    ['silence', 'timeout', 'unknown'],
    [[0, 80], 'change-refused', 'unknown'],
    [[0, 52], 'change-refused', 'unknown'],
    [[0, 50], 'change-refused', 'unchanged'],
    [[0, 53], 'change-refused', 'unchanged'],
    [[0, 19], 'policy-refused', 'unchanged'],
  ])('that answers a change by %j', async (change, reason, outcome) => {
    const { target } = await directory({ change });
    await expect(target().setPassword(set(), change === 'silence' ? SHORT : LIMITS)).rejects.toMatchObject({
      reason,
      outcome,
    });
  });

  test.each<[Answer, string]>([
    ['hang up', 'connection-lost'],
    ['silence', 'timeout'],
    [[RESPONSE.bind, 51], 'authentication-refused'],
    [[RESPONSE.bind, 48], 'authentication-refused'],
    [[RESPONSE.bind, 10], 'authentication-refused'],
  ])('that answers a sign-in by %j has refused no password', async (answer, reason) => {
    const { target } = await directory({ bind: { x: answer } });
    await expect(target().proves('smith', 'x', answer === 'silence' ? SHORT : LIMITS)).rejects.toMatchObject({
      reason,
    });
  });

  test('that does not take who looks accounts up has refused none of theirs', async () => {
    const { target } = await directory({ bind: { outdated: [RESPONSE.bind, 49] } });
    const outdated = { ...SERVICE, password: 'outdated' };
    await expect(target(outdated).proves('smith', 'x', LIMITS)).rejects.toMatchObject({
      reason: 'authentication-refused',
    });
    await expect(target(outdated).setPassword(set(), LIMITS)).rejects.toMatchObject({ outcome: 'unchanged' });
  });

  test('without TLS is not even connected to', async () => {
    const description = {
      kind: 'directory',
      host: '127.0.0.1',
      port: 1,
      protocol: 'ldap',
      trust: 'off',
      baseDn: '',
      filter: '(a=b)',
    } as const;
    const target = ldapTarget(description, { allowLoopback: true });
    await expect(target.setPassword(set(), LIMITS)).rejects.toMatchObject({ reason: 'plaintext-refused' });
    await expect(target.proves('smith', 'x', LIMITS)).rejects.toMatchObject({
      reason: 'plaintext-refused',
    });
  });
});
