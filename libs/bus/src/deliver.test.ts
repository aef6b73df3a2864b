import { describe, expect, test } from '@jest/globals';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { currentRequest } from '@strongroom/log/request-context';
import { deliver, queueLabel } from './deliver.ts';

const event = (id: string, more: Partial<CloudEvent> = {}): CloudEvent => ({
  ...cloudEvent('vault', 'secret.updated', id, new Date(0), {}),
  ...more,
});

const contextWithin = async (...events: CloudEvent[]) => {
  let seen: unknown;
  await deliver(
    {
      queue: 'monitor.audit-trail',
      types: [],
      handle() {
        seen = currentRequest();
        return Promise.resolve();
      },
    },
    events,
  );
  return seen;
};

describe('deliver', () => {
  test('tells lines of the log the event, and the request that led to it', async () => {
    expect(await contextWithin(event('event-1', { requestid: 'request-1' }))).toEqual({
      eventId: 'event-1',
      requestId: 'request-1',
    });
    expect(await contextWithin(event('event-1'))).toEqual({ eventId: 'event-1' });
  });

  test('names none for a batch of several', async () => {
    expect(await contextWithin(event('a', { requestid: 'r' }), event('b'))).toEqual({});
  });
});

test.each([
  ['monitor.audit-trail', 'monitor.audit-trail'],
  ['vault.roles.01939c5e-1b2a-7c3d-8e4f-0123456789ab', 'vault.roles'],
  ['vault.01939c5e-1b2a-7c3d-8e4f-0123456789ab.more', 'vault.01939c5e-1b2a-7c3d-8e4f-0123456789ab.more'],
])('the label of queue %s is %s', (queue, label) => {
  expect(queueLabel(queue)).toBe(label);
});
