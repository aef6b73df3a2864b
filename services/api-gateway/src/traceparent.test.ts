import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { parseTraceparent } from '@strongroom/tracing/traceparent';
import { newTraceparent } from './traceparent.ts';

test('a new traceparent is valid, unsampled, new each time and named after the request', () => {
  const requestId = randomUUID();
  const made = newTraceparent(requestId);
  expect(parseTraceparent(made)).toMatchObject({ traceId: requestId.replaceAll('-', ''), traceFlags: 0 });
  expect(newTraceparent(requestId)).not.toBe(made);
});
