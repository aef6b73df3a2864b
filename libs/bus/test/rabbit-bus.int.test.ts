import { describe, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import { testBroker } from '@strongroom/testing/broker';
import { CONFORMANCE_QUEUE, describeBus } from './bus-conformance.ts';
import { openRabbitBus } from '../src/rabbit-bus.ts';

const broker = await testBroker();

if (broker === undefined) {
  describe.skip('the bus on RabbitMQ', () => {
    test('needs a RabbitMQ', () => undefined);
  });
} else {
  const { url } = broker;
  describeBus('the bus on RabbitMQ', {
    open: () =>
      openRabbitBus({
        url,
        queues: [CONFORMANCE_QUEUE],
        log: silentLogger,
        metrics: silentMetrics,
        // Tests do not find what others left.
        prefix: `${randomUUID()}.`,
      }),
    withoutConsumer: 'keeps',
    retries: 'bus',
  });
}
