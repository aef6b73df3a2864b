import { afterAll, describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { canStartBroker, startBroker, testBroker } from '../src/broker.ts';
import type { OwnServer } from '../src/own-server.ts';
import { canStartRedis, startRedis, testRedis } from '../src/redis.ts';

const isListening = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const own: OwnServer[] = [];
afterAll(async () => {
  for (const server of own) await server.stop();
});

describe.each([
  { name: 'Redis', shared: testRedis, canStart: await canStartRedis(), start: startRedis },
  { name: 'RabbitMQ', shared: testBroker, canStart: await canStartBroker(), start: startBroker },
])('$name for tests', ({ shared, canStart, start }) => {
  (canStart ? test : test.skip)('is one for the run, and as many more as a test wants to kill', async () => {
    const first = await shared();
    expect(await shared()).toEqual(first);
    const server = await start();
    own.push(server);
    expect(server.url).not.toBe(first?.url);
    expect(await isListening(server.port)).toBe(true);
    await server.kill();
    expect(await isListening(server.port)).toBe(false);
    await server.start();
    expect(await isListening(server.port)).toBe(true);
  });
});
