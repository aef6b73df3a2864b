import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { prepareTls, type TlsMaterial, type TlsOptions } from './tls.ts';

const DAY_MS = 86_400_000;
const now = new Date();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strongroom-tls-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const prepare = (more: Partial<TlsOptions> = {}): Promise<TlsMaterial> =>
  prepareTls({ directory, host: '127.0.0.1', hostname: 'workstation.example', now, ...more });
const file = (name: string) => join(directory, name);
const later = (days: number) => new Date(now.getTime() + days * DAY_MS);

/** A handshake as a strict client makes it, by a name or by the address; answers with the code of what it refused. */
async function handshake(material: TlsMaterial, servername?: string): Promise<string | undefined> {
  const server = createServer({ cert: material.certificate, key: material.key }, socket => socket.end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const ca = await readFile(material.caFile);
    return await new Promise(resolve => {
      const client = connect({
        port,
        host: '127.0.0.1',
        ca,
        rejectUnauthorized: true,
        ...(servername === undefined ? {} : { servername }),
      });
      client.on('secureConnect', () => {
        client.destroy();
        resolve(undefined);
      });
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    });
  } finally {
    server.close();
    await once(server, 'close');
  }
}

describe('the first start', () => {
  test('makes an authority and a server certificate, keys unreadable for others', async () => {
    const material = await prepare();
    expect(material.reissued).toBe(true);
    const modes = await Promise.all(
      (await readdir(directory)).sort().map(async name => [name, (await stat(file(name))).mode & 0o777]),
    );
    expect(modes).toEqual([
      ['ca.key', 0o600],
      ['ca.pem', 0o644],
      ['server.key', 0o600],
      ['server.pem', 0o644],
    ]);
    expect(await readFile(file('server.pem'), 'utf8')).toBe(material.certificate);
    expect(material.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);

    const authority = new X509Certificate(await readFile(file('ca.pem')));
    expect(authority.subject).toBe('CN=Strongroom local CA');
    expect(authority.ca).toBe(true);
    const server = new X509Certificate(material.certificate);
    expect(server.ca).toBe(false);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(server.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:workstation.example',
    );
    expect((Date.parse(server.validTo) - Date.parse(server.validFrom)) / DAY_MS).toBe(397);
    expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  test('clients that trust the authority can connect, by every name and no other', async () => {
    const material = await prepare({ host: 'vault.example.org' });
    for (const name of ['localhost', 'vault.example.org', 'workstation.example']) {
      expect([name, await handshake(material, name)]).toEqual([name, undefined]);
    }
    expect(await handshake(material)).toBeUndefined();
    expect(await handshake(material, 'other.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('a machine name that cannot stand in a certificate is left out', async () => {
    const { certificate } = await prepare({ hostname: 'my_laptop (2)', host: '::' });
    expect(new X509Certificate(certificate).subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
  });
});

describe('a later start', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '192.0.2.7', 'vault.example.org'])(
    'on the same host %s keeps everything',
    async host => {
      const first = await prepare({ host });
      expect(await prepare({ host, now: later(300), hostname: 'renamed' })).toEqual({
        ...first,
        reissued: false,
      });
    },
  );

  test.each<[string, () => Promise<Partial<TlsOptions>>]>([
    ['it ends within 30 days', () => Promise.resolve({ now: later(367) })],
    ['the host is a new name', () => Promise.resolve({ host: 'vault.example.org' })],
    ['the host is a new address', () => Promise.resolve({ host: '192.0.2.7' })],
    ['it is reached by another name, too', () => Promise.resolve({ others: ['door.example.org'] })],
    ['it is missing', () => rm(file('server.pem')).then(() => ({}))],
    ['it is damaged', () => writeFile(file('server.pem'), 'nothing').then(() => ({}))],
    ['its key is damaged', () => writeFile(file('server.key'), 'nothing').then(() => ({}))],
    [
      'its key is another',
      async () => writeFile(file('server.key'), await readFile(file('ca.key'))).then(() => ({})),
    ],
  ])('issues the certificate anew under the same authority when %s', async (_, change) => {
    await prepare();
    const authority = await readFile(file('ca.pem'), 'utf8');
    const options = await change();
    const second = await prepare(options);
    expect(second.reissued).toBe(true);
    expect(await readFile(file('ca.pem'), 'utf8')).toBe(authority);
    if (options.now === undefined) expect(await handshake(second, 'localhost')).toBeUndefined();
    expect((await prepare(options)).reissued).toBe(false);
  });

  test('issues the certificate anew when it is of another authority', async () => {
    await prepare();
    await rm(file('ca.pem'));
    const second = await prepare();
    expect(second.reissued).toBe(true);
    expect(await handshake(second, 'localhost')).toBeUndefined();
  });

  test('needs the key of the authority only to issue', async () => {
    await prepare();
    await rename(file('ca.key'), file('elsewhere'));
    expect((await prepare()).reissued).toBe(false);
    await expect(prepare({ host: 'vault.example.org' })).rejects.toThrow('ca.key is missing');
  });

  test('refuses an authority whose key is another', async () => {
    await prepare();
    await writeFile(file('ca.key'), await readFile(file('server.key')));
    await expect(prepare()).rejects.toThrow('do not belong together');
  });
});
