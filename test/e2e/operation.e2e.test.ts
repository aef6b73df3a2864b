import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, runPlatform, type RunningPlatform } from './support.ts';

const API = '/monitor-service/api/v1';
const SERVICES = ['api-gateway', 'auth', 'monitor', 'secrets-manager', 'vault'];

interface Component {
  service_name: string;
  status: { status_message: string };
}

let running: RunningPlatform;

beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const componentsOf = async (): Promise<Component[]> => {
  const { body } = await running.client.call('GET', `${API}/components`);
  return Object.values(body as Record<string, Component[]>).flat();
};

test('every service reports itself, and the platform as a whole is well', async () => {
  const components = await eventually(componentsOf, found =>
    SERVICES.every(name => found.some(({ service_name }) => service_name === name)),
  );
  expect(components.map(({ status }) => status.status_message)).toEqual(components.map(() => 'OK'));
  const { body } = await running.client.call('GET', `${API}/instance/status`);
  expect(body).toMatchObject({ status: 'RUNNING', status_message: 'OK' });
});

test('the trail comes through the gateway as JSON lines, in order and without a gap', async () => {
  const { status, headers, text } = await running.client.call('GET', `${API}/auditevents/export`);
  expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson']);
  const positions = text
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { position: number }).position);
  expect(positions.length).toBeGreaterThan(5);
  expect(positions).toEqual(positions.map((_, index) => index + 1));
});
