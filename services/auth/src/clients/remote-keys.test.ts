import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { fetchOutside, type OutsideRule } from './fetch-outside.ts';
import { createRemoteKeys } from './remote-keys.ts';

const HOST = 'idp.test';
let server: Server;
let ca: string;
let answer: RequestListener;
let asked = 0;

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${HOST}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: HOST }])],
  });
  ca = certificate.toString('pem');
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  server = createServer({ key, cert: ca }, (request, response) => {
    asked += 1;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = 0;
});

const url = (host = HOST) => `https://${host}:${(server.address() as AddressInfo).port}/keys`;

/** A name server that gives these addresses, another list each time it is asked. */
function lookupOf(...answers: string[][]): LookupFunction {
  let turn = 0;
  return (_name, options, callback) => {
    const addresses = answers[Math.min(turn++, answers.length - 1)]!.map(address => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
}

const here: OutsideRule = { allowedHosts: new Set([HOST]), lookup: lookupOf(['127.0.0.1']) };
const fetchBy = (rule: OutsideRule, address = url(), deadlineMs = 5_000) =>
  fetchOutside(rule, { url: address, ca, maxBytes: 1_000, deadlineMs });

describe('fetching what an operator names', () => {
  test('answers the text', async () => {
    answer = (_request, response) => response.end('text');
    await expect(fetchBy(here)).resolves.toBe('text');
  });

  test.each([
    ['loopback', ['127.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['a private network', ['10.0.0.1']],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1']],
    ['one of several', ['8.8.8.8', '127.0.0.1']],
  ])('a name that leads to %s is not asked', async (_, addresses) => {
    const rule = { allowedHosts: new Set<string>(), lookup: lookupOf(addresses) };
    await expect(fetchBy(rule)).rejects.toThrow('not one that may be connected to');
    expect(asked).toBe(0);
  });

  test('a name is looked up once, so that a second answer changes nothing', async () => {
    let turns = 0;
    const lookup: LookupFunction = (name, options, callback) => {
      turns += 1;
      lookupOf(turns === 1 ? ['240.0.0.1'] : ['127.0.0.1'])(name, options, callback);
    };
    await expect(fetchBy({ allowedHosts: new Set(), lookup })).rejects.toThrow(
      'not one that may be connected to',
    );
    expect([turns, asked]).toEqual([1, 0]);
  });

  test.each(['127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:7f00:1]', '169.254.169.254'])(
    'the address %s is not asked',
    async host => {
      await expect(fetchBy({ allowedHosts: new Set() }, url(host))).rejects.toThrow(
        'not one that may be connected to',
      );
      expect(asked).toBe(0);
    },
  );

  test('an allowed host has no leave for others, nor for names beneath it', async () => {
    const rule = { allowedHosts: new Set([HOST]), lookup: lookupOf(['127.0.0.1']) };
    await expect(fetchBy(rule, url(`other.${HOST}`))).rejects.toThrow('not one that may be connected to');
  });

  test('only over TLS, with a certificate of the name', async () => {
    answer = (_request, response) => response.end('text');
    await expect(fetchBy(here, url().replace('https', 'http'))).rejects.toThrow('only https');
    const other = { allowedHosts: new Set(['other.test']), lookup: lookupOf(['127.0.0.1']) };
    await expect(fetchBy(other, url('other.test'))).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    await expect(
      fetchOutside(here, { url: url(), maxBytes: 1_000, deadlineMs: 5_000 }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED/) });
    expect(asked).toBe(0);
  });

  test('no redirect is followed', async () => {
    answer = (_request, response) => response.writeHead(302, { location: url() }).end();
    await expect(fetchBy(here)).rejects.toThrow('another status');
    expect(asked).toBe(1);
  });

  test('an answer without end is cut off', async () => {
    answer = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(100)));
      };
      response.on('drain', more);
      more();
    };
    await expect(fetchBy(here)).rejects.toThrow('too large');
  });

  test('silence ends with the deadline', async () => {
    answer = () => undefined;
    await expect(fetchBy(here, url(), 50)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('keys of a provider', () => {
  const key = (kid: string) => ({
    ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
    kid,
  });
  const publish = (...keys: unknown[]) => {
    answer = (_request, response) => response.end(JSON.stringify({ keys }));
  };
  let now: number;
  const warnings: unknown[] = [];
  const open = () =>
    createRemoteKeys({
      now: () => new Date(now),
      log: { warn: (_text, fields) => void warnings.push(fields) },
      rule: here,
    });
  const idsOf = async (keys: ReturnType<typeof open>, keyId?: string) =>
    (await keys.find({ url: url(), ca }, keyId)).map(found => found.keyId);

  beforeEach(() => {
    now = 1_000_000;
    warnings.length = 0;
  });

  test('are asked for once, by whoever comes first', async () => {
    publish(key('a'), { kty: 'oct', k: 'AA' }, 'no key');
    const keys = open();
    expect(await Promise.all([idsOf(keys, 'a'), idsOf(keys, 'a'), idsOf(keys)])).toEqual([
      ['a'],
      ['a'],
      ['a'],
    ]);
    expect(await idsOf(keys, 'a')).toEqual(['a']);
    expect(asked).toBe(1);
  });

  test('are asked for again when one is missing, but not at once', async () => {
    publish(key('a'));
    const keys = open();
    await idsOf(keys);
    publish(key('a'), key('b'));
    for (let turn = 0; turn < 5; turn++) expect(await idsOf(keys, 'b')).toEqual(['a']);
    expect(asked).toBe(1);
    now += 30_000;
    expect(await idsOf(keys, 'b')).toEqual(['a', 'b']);
    for (let turn = 0; turn < 5; turn++) await idsOf(keys, 'no such');
    expect(asked).toBe(2);
  });

  test('count for ten minutes, whether or not they can be asked for again', async () => {
    publish(key('a'));
    const keys = open();
    await idsOf(keys);
    answer = (_request, response) => response.writeHead(503).end();
    now += 599_999;
    expect(await idsOf(keys, 'b')).toEqual(['a']);
    now += 1;
    expect(await idsOf(keys, 'a')).toEqual([]);
    expect(warnings).toMatchObject([{ reason: expect.stringContaining('another status') }]);
    publish(key('c'));
    now += 30_000;
    expect(await idsOf(keys)).toEqual(['c']);
  });

  test.each(['', '{', '[]', 'null', '{"keys":{}}', JSON.stringify({ keys: Array(101).fill({}) })])(
    'are none in %#',
    async text => {
      answer = (_request, response) => response.end(text);
      expect(await idsOf(open())).toEqual([]);
      expect(warnings).toHaveLength(1);
    },
  );

  test('are other ones where another authority is trusted', async () => {
    publish(key('a'));
    const keys = open();
    await idsOf(keys);
    expect(await keys.find({ url: url(), ca: undefined }, undefined)).toEqual([]);
  });
});
