import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { eventually } from '@strongroom/testing/eventually';
import { startTestMonitor, type TestMonitor } from './support.ts';

const API = '/monitor-service/api/v1';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startTestMonitor();
});
afterAll(() => monitor.stop());

const report = (service: string, data: Record<string, unknown> = {}) =>
  monitor.bus.publish([
    cloudEvent(service, 'replica.reported', randomUUID(), new Date(), {
      id: randomUUID(),
      hostname: 'host-1',
      service,
      version: '1.2.3',
      startedAt: '2026-03-04T05:06:07.890Z',
      state: 'ready',
      message: 'OK',
      ...data,
    }),
  ]);

describe('the components', () => {
  test('are the replicas by host, monitor itself among them', async () => {
    const id = randomUUID();
    await report('vault', { id });
    await report('auth', { state: 'not-ready', message: 'Not ready' });
    await eventually('monitor reports itself', async () => {
      const { body } = await monitor.call('GET', `${API}/components`);
      return hostname() in body;
    });
    const { status, body } = await monitor.call('GET', `${API}/components`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      [hostname()]: [{ service_name: 'monitor', status: { status: 'RUNNING', status_message: 'OK' } }],
      'host-1': [
        { service_name: 'auth', status: { status: 'ERROR', status_message: 'Not ready' } },
        {
          id,
          service_name: 'vault',
          hostname: 'host-1',
          status: {
            version: '1.2.3',
            status: 'RUNNING',
            status_message: 'OK',
            app_id: 'vault',
            start_time: '2026-03-04T05:06:07.890Z',
          },
        },
      ],
    });
    expect((await monitor.call('GET', `${API}/components/host-1`)).body).toEqual(body['host-1']);
    await report('vault', { id, state: 'stopped' });
    expect((await monitor.call('GET', `${API}/components/host-1`)).body).toMatchObject([
      { service_name: 'auth' },
    ]);
  });

  test('of a host that nobody knows are not found', async () => {
    expect((await monitor.call('GET', `${API}/components/nowhere`)).status).toBe(404);
  });

  test('are not disturbed by a report of another shape', async () => {
    await report('vault', { hostname: 7 });
    expect(monitor.errors).toContain('an event was dropped');
    await report('vault', { hostname: 'host-2' });
    expect((await monitor.call('GET', `${API}/components/host-2`)).status).toBe(200);
  });

  test('make the status of the whole, which any caller may see', async () => {
    const anybody = await monitor.issuer.bearer({ sub: randomUUID() });
    expect((await monitor.call('GET', `${API}/components`, { as: anybody })).status).toBe(403);
    expect((await monitor.call('GET', `${API}/instance/status`, { as: null })).status).toBe(401);
    const before = await monitor.call('GET', `${API}/instance/status`, { as: anybody });
    expect(before.body).toMatchObject({ version: '0.0.0', status: 'ERROR' });
    for (const service of ['api-gateway', 'auth', 'secrets-manager', 'vault']) {
      await report(service, { hostname: 'host-3' });
    }
    const { body } = await monitor.call('GET', `${API}/instance/status`, { as: anybody });
    expect(body).toMatchObject({ status: 'WARNING', status_message: 'Some replicas are not ready: auth' });
    expect(body['services']).toContainEqual({ service_name: 'auth', replicas: 2, ready: 1 });
  });
});
