import { describe, expect, test } from '@jest/globals';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { parseAuditEvent } from './parse-audit-event.ts';

const time = new Date('2026-03-04T05:06:07.890Z');
const record = {
  id: '018f0000-0000-7000-8000-000000000001',
  time: time.toISOString(),
  code: 5102,
  name: 'Secret-read',
  message: { userID: 'u', secret: 'a/b' },
};
const eventWith = (changed: object, event: object = {}): CloudEvent => ({
  ...cloudEvent('vault', 'audit.recorded', '018F0000-0000-7000-8000-00000000000A', time, {
    records: [{ ...record, ...changed }],
  }),
  ...event,
});

describe('parseAuditEvent', () => {
  test('names the service by the source and spells the id as PostgreSQL does', () => {
    const event = eventWith({});
    expect(parseAuditEvent(event)).toEqual({
      id: '018f0000-0000-7000-8000-00000000000a',
      original: event,
      records: [
        {
          id: record.id,
          created: time,
          service: 'vault',
          code: 5102,
          name: 'Secret-read',
          message: record.message,
        },
      ],
    });
  });

  test('leaves the event as it is: other subscribers read the same object', () => {
    const event = eventWith({ later: 'member' }, { traceparent: '00-x' });
    const before = structuredClone(event);
    parseAuditEvent(event);
    expect(event).toEqual(before);
  });

  test.each([
    ['an id that is no UUID', {}, { id: '1' }, 'id must'],
    ['a strange source', {}, { source: '/elsewhere/vault' }, 'source must'],
    ['no data', {}, { data: undefined }, 'data is required'],
    ['no list', {}, { data: { records: {} } }, 'data.records must'],
    ['a record without an id', { id: undefined }, {}, 'data.records.0.id is required'],
    ['a time that is none', { time: 'now' }, {}, 'data.records.0.time must'],
    ['a code as text', { code: '5102' }, {}, 'data.records.0.code must'],
    ['a code that is too large', { code: 2_147_483_648 }, {}, 'data.records.0.code must'],
    ['no name', { name: '' }, {}, 'data.records.0.name must'],
    [
      'a message that is not flat',
      { message: { secret: { nested: 'plum' } } },
      {},
      'data.records.0.message.secret must',
    ],
    ['a number in the message', { message: { secret: 7 } }, {}, 'data.records.0.message.secret must'],
    [
      'a value that is too long',
      { message: { secret: 'x'.repeat(16_385) } },
      {},
      'data.records.0.message.secret must',
    ],
  ])('says why it refuses %s, without its values', (_what, changed, event, reason) => {
    const parsed = parseAuditEvent(eventWith(changed, event));
    expect(parsed).toEqual({ reason: expect.stringContaining(reason) });
    expect(JSON.stringify(parsed)).not.toContain('plum');
  });

  test('text that PostgreSQL cannot hold keeps no record out of the trail', () => {
    const message = { 'a\0b': 'c\0d', half: 'x\ud83d', whole: '😀\u0085' };
    expect(parseAuditEvent(eventWith({ message }))).toMatchObject({
      records: [{ message: { 'a\ufffdb': 'c\ufffdd', half: 'x\ufffd', whole: '😀\u0085' } }],
    });
  });
});
