import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import type { Standalone } from '@strongroom/testing/standalone';
import { startOtlpCollector, type OtlpCollector, type ReceivedSpan } from './otlp-collector.ts';
import { eventually, roleHandle, runStandalone, type RunningPlatform } from './support.ts';

const NAME = 'canary-name/of-a-secret';
const VALUE = 'canary-value-of-a-secret';
const CALLERS_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

let collector: OtlpCollector;
let running: RunningPlatform<Standalone>;
let metricsPort: number;

beforeAll(async () => {
  collector = await startOtlpCollector();
  metricsPort = await freePort();
  running = await runStandalone({
    STRONGROOM_OTLP_URL: collector.url,
    STRONGROOM_TRACE_RATIO: '1',
    STRONGROOM_METRICS_PORT: String(metricsPort),
    STRONGROOM_ACCESS_LOG: 'true',
  });
});

afterAll(async () => {
  await running.stop();
  await collector.stop();
});

const secretPath = `/vault/api/v1/secrets/${encodeURIComponent(NAME)}`;

async function storeSecret() {
  const role = await roleHandle(running.client, 'privx-admin');
  return running.client.call('POST', '/vault/api/v1/secrets', {
    body: { name: NAME, data: { value: VALUE }, read_roles: [role], write_roles: [role] },
  });
}

describe('a trace', () => {
  test('goes through gateway, service, SQL and messages, each beneath what led to it', async () => {
    expect((await storeSecret()).status).toBe(201);
    const read = await running.client.call('GET', secretPath, {
      headers: { traceparent: `00-${CALLERS_TRACE}-00f067aa0ba902b7-01` },
    });
    expect(read.status).toBe(200);
    const requestId = read.headers['x-request-id'];

    // The last to come: monitor has the record of the read.
    const spans = await eventually(
      () => Promise.resolve(traceOf(requestId)),
      found => found.some(span => span.name === 'process monitor.audit-trail'),
    );
    const one = (name: string, more: Record<string, unknown> = {}) => {
      const found = spans.filter(
        span =>
          span.name === name && Object.entries(more).every(([key, value]) => span.attributes[key] === value),
      );
      expect([name, found.length]).toEqual([name, 1]);
      return found[0]!;
    };

    const gateway = one('GET /vault/api/v1', { 'strongroom.service': 'api-gateway' });
    expect(gateway.parentSpanId).toBeUndefined();
    // The caller's own trace is linked, and does not decide what is recorded.
    expect(gateway.traceId).not.toBe(CALLERS_TRACE);
    expect(gateway.links).toEqual([expect.objectContaining({ traceId: CALLERS_TRACE })]);

    const service = one('GET /vault/api/v1/secrets/*name', { 'strongroom.service': 'vault' });
    expect(service.parentSpanId).toBe(gateway.spanId);
    expect(service.attributes).toMatchObject({
      'http.route': '/vault/api/v1/secrets/*name',
      'http.response.status_code': 200,
      'strongroom.request_id': requestId,
    });

    const lookUp = one('look up together');
    expect(lookUp.parentSpanId).toBe(service.spanId);
    expect(childrenOf(spans, lookUp).map(span => span.attributes['db.query.text'])).toEqual([
      expect.stringContaining('FROM secrets'),
    ]);
    const recording = one('record acts');
    expect(recording.parentSpanId).toBe(service.spanId);
    expect(childrenOf(spans, recording).map(span => span.attributes['db.operation.name'])).toEqual([
      'INSERT',
    ]);

    // The event was appended while the acts were recorded, and remembers that.
    const published = one('publish events');
    expect(published.parentSpanId).toBe(recording.spanId);
    const consumed = one('process monitor.audit-trail');
    expect(consumed.parentSpanId).toBe(recording.spanId);
    // What was consumed together happens within the first trace; the others link it.
    const within = consumed.links[0] ?? consumed;
    expect(childrenOf(collector.spans(), within).length).toBeGreaterThan(0);
  });

  test('names no secret, value, token or password', () => {
    const { credentials } = running.platform;
    const text = collector.text();
    expect(text).toContain('/vault/api/v1/secrets/*name');
    for (const canary of [
      NAME,
      encodeURIComponent(NAME),
      VALUE,
      credentials.admin.password,
      credentials.api_client.secret,
    ]) {
      expect(text).not.toContain(canary);
    }
  });
});

describe('the metrics', () => {
  test('are of every service, by route template, on a port of their own', async () => {
    await storeSecret();
    expect((await running.client.call('GET', secretPath)).status).toBe(200);
    expect((await running.client.call('GET', '/nowhere', { token: null })).status).toBe(404);
    const text = await scrape();
    for (const service of ['auth', 'vault', 'secrets-manager', 'monitor']) {
      expect(text).toContain(`strongroom_ready{service="${service}"} 1`);
      expect(text).toContain(`strongroom_database_pool_waiting{service="${service}"} 0`);
    }
    expect(text).toMatch(
      /strongroom_http_requests_total\{service="vault",method="GET",route="\/vault\/api\/v1\/secrets\/\*name",status="200"\} [1-9]/,
    );
    expect(text).toMatch(
      /strongroom_gateway_requests_total\{service="api-gateway",method="GET",route="other",upstream="none",status="404"\} [1-9]/,
    );
    expect(text).toMatch(/strongroom_audit_flush_records_count\{service="vault"\} [1-9]/);
    expect(text).not.toContain('canary');
  });

  test('are not served by the gateway, nor anything else beside them', async () => {
    expect((await running.client.call('GET', '/metrics', { token: null })).status).toBe(404);
    const other = await fetch(`http://127.0.0.1:${metricsPort}/healthz`);
    expect(other.status).toBe(404);
  });
});

test('a line of the log says which request and which trace it is of', async () => {
  const answer = await running.client.call('GET', '/nowhere', { token: null });
  const requestId = answer.headers['x-request-id'];
  const file = path.join(running.platform.dataDirectory, 'strongroom.log');
  const lines = await eventually(
    async () =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter(line => line.includes(String(requestId)))
        .map(line => JSON.parse(line) as Record<string, unknown>),
    found => found.length > 0,
  );
  expect(lines).toEqual([
    expect.objectContaining({
      service: 'api-gateway',
      message: 'request',
      requestId,
      status: 404,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    }),
  ]);
});

function traceOf(requestId: unknown): readonly ReceivedSpan[] {
  const root = collector
    .spans()
    .find(span => span.attributes['strongroom.request_id'] === requestId && span.parentSpanId === undefined);
  return collector.spans().filter(span => span.traceId === root?.traceId);
}

const childrenOf = (spans: readonly ReceivedSpan[], parent: { spanId: string }): ReceivedSpan[] =>
  spans.filter(span => span.parentSpanId === parent.spanId);

const scrape = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
