import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attempt } from './attempt.ts';
import { encode, encodeInteger, encodeText, TAG } from './ldap-ber.ts';
import { openLdap, type LdapConnection } from './ldap-connection.ts';
import { createFraming } from './ldap-framing.ts';
import { decodeResult, encodeMessage, RESPONSE } from './ldap-messages.ts';
import { parseFilter } from './ldap-filter.ts';

/** What a directory must not be able to do to us. */

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listen(onRequest: (socket: Socket, request: Buffer) => void): Promise<number> {
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', request => onRequest(socket, request));
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const within = <T>(
  port: number,
  work: (ldap: LdapConnection) => Promise<T>,
  {
    protocol = 'ldap',
    silenceMs = 60_000,
    deadlineMs = 60_000,
  }: {
    protocol?: 'ldap' | 'starttls' | 'ldaps';
    silenceMs?: number;
    deadlineMs?: number;
  } = {},
) =>
  attempt({ host: '127.0.0.1', port }, { allowLoopback: true }, { deadlineMs }, async ({ socket }) => {
    const trust = protocol === 'ldap' ? 'off' : 'unchecked';
    return work(await openLdap(socket, { host: '127.0.0.1', protocol, trust, silenceMs }));
  });

const filter = parseFilter('a=b') ?? Buffer.alloc(0);
const bind = (ldap: LdapConnection) => ldap.bind('cn=a', 'b');
async function search(ldap: LdapConnection): Promise<number> {
  let found = 0;
  for await (const page of ldap.search({ base: '', scope: 'sub', filter, attributes: [] }, 10))
    found += page.length;
  return found;
}

const result = (id: number, tag: number, code = 0, text = '') =>
  encodeMessage(id, encode(tag, encodeInteger(code, TAG.enumerated), encodeText(''), encodeText(text)));
const entry = (id: number) =>
  encodeMessage(id, encode(RESPONSE.searchEntry, encodeText('cn=a'), encode(TAG.sequence)));

describe('a peer that is no directory', () => {
  test.each([
    ['text', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['zeros', '\0'.repeat(64)],
    ['ones', '\xff'.repeat(300)],
    ['a length without end', '\x30\x84\x7f\xff\xff\xff'],
    ['a negative length', '\x30\x84\xff\xff\xff\xff'],
    ['no length', '\x30\x80\x02\x01\x01'],
    ['an empty message', '\x30\x00'],
    ['another answer', encodeMessage(1, encode(RESPONSE.modify)).toString('latin1')],
    ['an answer to nothing', result(7, RESPONSE.bind).toString('latin1')],
    ['half a result', encodeMessage(1, encode(RESPONSE.bind, encodeInteger(0, 10))).toString('latin1')],
  ])('answers with %s', async (_, answer) => {
    const port = await listen(socket => socket.write(Buffer.from(answer, 'latin1')));
    const error: unknown = await within(port, bind).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'TargetError', outcome: 'unchanged' });
    expect(['protocol-error', 'connection-lost']).toContain((error as { reason: string }).reason);
  });

  test.each(['ldap', 'starttls', 'ldaps'] as const)('says nothing: %s', async protocol => {
    const port = await listen(() => undefined);
    await expect(within(port, bind, { protocol, silenceMs: 100 })).rejects.toMatchObject({
      reason: 'timeout',
    });
  });

  test('hangs up at once', async () => {
    const port = await listen(socket => socket.end());
    await expect(within(port, bind)).rejects.toMatchObject({ reason: 'connection-lost' });
  });
});

describe('a directory', () => {
  test('that has no TLS gets no password', async () => {
    const seen: Buffer[] = [];
    const port = await listen((socket, request) => {
      seen.push(request);
      socket.write(result(1, RESPONSE.extended, 2));
    });
    await expect(within(port, bind, { protocol: 'starttls' })).rejects.toMatchObject({
      reason: 'certificate-refused',
      details: { code: 'protocolError' },
    });
    expect(Buffer.concat(seen).includes('cn=a')).toBe(false);
  });

  test('before whose TLS somebody puts an answer of his own', async () => {
    const port = await listen(socket =>
      socket.write(Buffer.concat([result(1, RESPONSE.extended), result(1, RESPONSE.bind)])),
    );
    await expect(within(port, bind, { protocol: 'starttls' })).rejects.toMatchObject({
      reason: 'connection-lost',
    });
  });

  test('before whose TLS somebody puts half an answer', async () => {
    const port = await listen(socket =>
      socket.write(Buffer.concat([result(1, RESPONSE.extended), Buffer.from([0x30])])),
    );
    await expect(within(port, bind, { protocol: 'starttls' })).rejects.toMatchObject({
      reason: 'protocol-error',
    });
  });

  test('says that it hangs up', async () => {
    const port = await listen(socket => socket.write(result(0, RESPONSE.extended, 52)));
    await expect(within(port, bind)).rejects.toMatchObject({ reason: 'connection-lost' });
  });

  test('sends very many entries in one go', async () => {
    const many = Buffer.concat(Array.from({ length: 50_000 }, () => entry(1)));
    const port = await listen(socket => socket.write(Buffer.concat([many, result(1, RESPONSE.searchDone)])));
    expect(await within(port, search)).toBe(50_000);
  });

  test('sends entries without an end', async () => {
    const long = encodeMessage(
      1,
      encode(RESPONSE.searchEntry, encodeText('x'.repeat(1_000_000)), encode(TAG.sequence)),
    );
    const port = await listen(socket => {
      const send = () => {
        if (!socket.destroyed) socket.write(long, send);
      };
      send();
    });
    await expect(within(port, search)).rejects.toMatchObject({ reason: 'protocol-error' });
  });

  test('repeats what it was sent', async () => {
    const port = await listen(socket => socket.write(result(1, RESPONSE.bind, 49, 'bad password: b')));
    const error: unknown = await within(port, bind).catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('bad password');
    expect(error).toMatchObject({ details: { code: 'invalidCredentials', isAnswer: true } });
  });
});

test("of Active Directory's texts its own code is read, and nothing else", () => {
  const read = (text: string) =>
    decodeResult(Buffer.concat([encodeInteger(49, TAG.enumerated), encodeText(''), encodeText(text)])).result;
  const text = '80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v4563\0';
  expect(read(text)).toEqual({ code: 49, data: '52e' });
  expect(read('data 52e')).toEqual({ code: 49 });
});

test('messages come out as they went in, however they are cut', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(parts, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (contents, sizes) => {
      const framing = createFraming(1_000);
      const stream = Buffer.concat(contents.map(content => encode(TAG.sequence, Buffer.from(content))));
      const found: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        found.push(...framing.take(stream.subarray(at, at + size)).map(({ content }) => content));
        at += size;
      }
      expect(found.map(content => [...content])).toEqual(contents.map(content => [...content]));
      expect(framing.isMidway()).toBe(false);
    }),
  );
});
