import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isValidTraceparent, newTraceparent } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    `00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-00`,
    `cc-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01-what-comes-later`,
  ])('accepts %s', value => {
    expect(isValidTraceparent(value)).toBe(true);
  });

  test.each([
    '',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-1`,
    `cc-${TRACE}-${PARENT}-01more`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ])('refuses %s', value => {
    expect(isValidTraceparent(value)).toBe(false);
  });

  test('a new one is valid, unsampled, new each time and named after the request', () => {
    const requestId = randomUUID();
    const made = newTraceparent(requestId);
    expect(isValidTraceparent(made)).toBe(true);
    expect(made).toMatch(new RegExp(`^00-${requestId.replaceAll('-', '')}-[0-9a-f]{16}-00$`));
    expect(newTraceparent(requestId)).not.toBe(made);
  });
});
