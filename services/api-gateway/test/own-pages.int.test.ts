import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Gateway } from '../src/service.ts';
import { fakeUpstream, send, startTestGateway, type FakeUpstream } from './harness.ts';

const services = ['auth', 'vault', 'secrets-manager', 'monitor'] as const;
const status: Record<string, number> = {};
const asked: string[] = [];
let upstreams: FakeUpstream[];
let gateway: Gateway;

beforeAll(async () => {
  upstreams = await Promise.all(
    services.map(name =>
      fakeUpstream((request, response) => {
        asked.push(`${name} ${request.url ?? ''}`);
        response.statusCode = status[name] ?? 200;
        const paths = { [`/${name}/api/v1/status`]: { get: {} } };
        response.end(request.url === '/openapi.json' ? JSON.stringify({ openapi: '3.1.0', paths }) : '{}');
      }),
    ),
  );
  const [auth, vault, secretsManager, monitor] = upstreams.map(({ origin }) => origin) as [
    string,
    string,
    string,
    string,
  ];
  gateway = await startTestGateway(auth, {
    upstreams: { auth, vault, 'secrets-manager': secretsManager, monitor },
  });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all(upstreams.map(upstream => upstream.close()));
});

describe('health', () => {
  test('/healthz needs no service', async () => {
    asked.length = 0;
    const answer = await send(gateway.url, '/healthz');
    expect([answer.status, answer.json()]).toEqual([200, { status: 'ok' }]);
    expect(answer.headers['x-request-id']).toBeDefined();
    expect(asked).toEqual([]);
  });

  test('/readyz says which service is not ready and nothing else', async () => {
    const ready = { auth: 'ready', vault: 'ready', 'secrets-manager': 'ready', monitor: 'ready' };
    const well = await send(gateway.url, '/readyz');
    expect([well.status, well.json()]).toEqual([200, { status: 'ready', services: ready }]);

    status['vault'] = 503;
    const ill = await send(gateway.url, '/readyz');
    delete status['vault'];
    expect([ill.status, ill.json()]).toEqual([
      503,
      { status: 'not ready', services: { ...ready, vault: 'not ready' } },
    ]);
  });
});

describe('/openapi.json', () => {
  test('is 503 while a service cannot be asked, then one document, then remembered', async () => {
    status['monitor'] = 500;
    const failed = await send(gateway.url, '/openapi.json');
    delete status['monitor'];
    expect(failed.status).toBe(503);
    expect(failed.json()).toMatchObject({ error_code: 'INTRA_SERVICE_COMMUNICATION_ERROR' });

    const document = await send(gateway.url, '/openapi.json');
    expect(document.status).toBe(200);
    expect(document.json()).toMatchObject({ openapi: '3.1.0', info: { title: 'Strongroom' } });
    expect(Object.keys(document.json()['paths'] as object)).toEqual(
      services.map(name => `/${name}/api/v1/status`),
    );

    asked.length = 0;
    expect((await send(gateway.url, '/openapi.json')).body).toBe(document.body);
    expect(asked).toEqual([]);
  });
});

describe('/docs', () => {
  test('has no inline script, and a policy that would run none', async () => {
    const { status: code, headers, body } = await send(gateway.url, '/docs');
    expect([code, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=/);
  });

  test('every file it names is served with its type', async () => {
    const { body } = await send(gateway.url, '/docs/');
    const files = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]!);
    expect(files).toHaveLength(4);
    for (const file of files) {
      const answer = await send(gateway.url, file);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^(?:text\/(?:css|javascript)|image\/png)/);
      expect(answer.body.length).toBeGreaterThan(100);
    }
    expect((await send(gateway.url, '/docs/package.json')).status).toBe(404);
    expect((await send(gateway.url, '/docs/..%2fpackage.json')).status).toBe(400);
  });

  test('/ leads there', async () => {
    const answer = await send(gateway.url, '/');
    expect([answer.status, answer.headers.location]).toEqual([302, '/docs']);
  });
});

describe('methods', () => {
  test('GET and HEAD only', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/openapi.json', '/docs', '/docs/swagger-ui.css']) {
      const refused = await send(gateway.url, path, { method: 'POST', body: '{}' });
      expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
    const head = await send(gateway.url, '/docs', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
  });
});
