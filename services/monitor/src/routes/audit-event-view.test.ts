import { describe, expect, test } from '@jest/globals';
import { serviceId } from '../domain/trail-line.ts';
import { auditEventView } from './audit-event-view.ts';

describe('serviceId', () => {
  test('is fixed for ever: operators filter by it', () => {
    expect(serviceId('vault')).toBe('8028dc45-9b2c-53d8-bacb-8ab472f492dd');
    expect(serviceId('auth')).not.toBe(serviceId('vault'));
  });
});

describe('auditEventView', () => {
  test('has the code as text and the time as RFC 3339', () => {
    const created = new Date('2026-03-04T05:06:07.890Z');
    expect(
      auditEventView({
        created,
        service: 'vault',
        code: 5102,
        name: 'Secret-read',
        message: { secret: 'a' },
      }),
    ).toEqual({
      service_id: serviceId('vault'),
      service_name: 'vault',
      event_id: '5102',
      event_name: 'Secret-read',
      created: '2026-03-04T05:06:07.890Z',
      message: { secret: 'a' },
    });
  });
});
