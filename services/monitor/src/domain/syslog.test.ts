import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CUT_MARK, framed, MAX_MESSAGE_BYTES, severityOf, syslogMessage } from './syslog.ts';
import { trailLine, type PlacedRecord } from './trail-line.ts';

const RECORD: PlacedRecord = {
  position: 17,
  id: '01980000-0000-7000-8000-000000000001',
  created: new Date('2026-03-04T05:06:07.890Z'),
  service: 'vault',
  code: 5102,
  name: 'Secret-read',
  message: { userID: 'u-1', requestID: 'r"1]\\', name: 'Größe' },
};

/** RFC 5424, 6, as strictly as its grammar. */
const GRAMMAR =
  /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (\[[!-~]+(?: [!-~]+="(?:[^"\\\]]|\\["\\\]])*")*\]) \uFEFF([^]*)$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function read(message: Buffer) {
  const [, priority, time, host, app, process, id, data, text] = GRAMMAR.exec(utf8.decode(message)) ?? [];
  if (text === undefined) throw new Error('not a message');
  return { priority, time, host, app, process, id, data, text };
}

const anyText = fc.string({ unit: 'binary', maxLength: 300 });
const anyRecord: fc.Arbitrary<PlacedRecord> = fc.record({
  position: fc.integer({ min: 1 }),
  id: fc.uuid(),
  created: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }),
  service: fc.string({ maxLength: 200 }),
  code: fc.nat(),
  name: anyText,
  message: fc.dictionary(
    fc.oneof(fc.constantFrom('userID', 'sessionID', 'requestID'), anyText),
    fc.oneof(
      anyText,
      anyText.map(text => text.repeat(40)),
    ),
    { maxKeys: 6 },
  ),
});

describe('a syslog message', () => {
  test('has every part in its place', () => {
    expect(read(syslogMessage(RECORD, 'monitor-1'))).toEqual({
      priority: '110',
      time: '2026-03-04T05:06:07.890Z',
      host: 'monitor-1',
      app: 'strongroom',
      process: 'vault',
      id: 'Secret-read',
      data: `[strongroom@32473 position="17" id="${RECORD.id}" code="5102" userID="u-1" requestID="r\\"1\\]\\\\"]`,
      text: trailLine(RECORD),
    });
  });

  test('tells refusals from acts and acts from reads', () => {
    expect(
      ['User-login-failed', 'Secret-access-denied', 'Secret-updated', 'Secret-read'].map(severityOf),
    ).toEqual([4, 4, 5, 6]);
  });

  test('keeps to the grammar and to its bound, whatever the record holds', () => {
    fc.assert(
      fc.property(anyRecord, fc.string(), (record, hostname) => {
        const message = syslogMessage(record, hostname);
        const { text } = read(message);
        expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
        const line = trailLine(record);
        if (text !== line) {
          expect(text.endsWith(CUT_MARK)).toBe(true);
          expect(line.startsWith(text.slice(0, -CUT_MARK.length))).toBe(true);
          expect(message.length).toBeGreaterThan(MAX_MESSAGE_BYTES - 4);
        }
      }),
    );
  });

  test('stands behind its length in octets', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 4 }), records => {
        const messages = records.map(record => syslogMessage(record, 'host'));
        let stream = Buffer.concat(messages.map(framed));
        for (const message of messages) {
          const space = stream.indexOf(' ');
          const length = Number(stream.subarray(0, space).toString());
          expect(stream.subarray(space + 1, space + 1 + length).equals(message)).toBe(true);
          stream = stream.subarray(space + 1 + length);
        }
        expect(stream.length).toBe(0);
      }),
    );
  });
});
