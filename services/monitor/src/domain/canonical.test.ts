import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchText, headText, instantOf, instantText, rowText, type RowContent } from './canonical.ts';

const row: RowContent = {
  position: 7,
  recordedAt: '1772600768.000000',
  id: '018f0000-0000-7000-8000-000000000000',
  created: '1772600767.890000',
  service: 'vault',
  code: 5102,
  name: 'Secret-read',
  message: { userID: 'ann', b: '€ "q" \\ \n', '10': 'ten', '9': 'nine', '😀': 'high', '\ufb33': 'low' },
  words: 'secret-read\nann',
};

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const instant = fc.date({ noInvalidDate: true }).map(instantText);
const content: fc.Arbitrary<RowContent> = fc.record({
  position: fc.maxSafeNat(),
  recordedAt: instant,
  id: fc.uuid(),
  created: instant,
  service: text,
  code: fc.nat(),
  name: text,
  message: fc.dictionary(text, text, { maxKeys: 3 }),
  words: text,
});

describe('rowText', () => {
  test('is canonical JSON, byte for byte as the documents state it', () => {
    expect(rowText(row)).toBe(
      '["strongroom-audit-row/1",7,"1772600768.000000","018f0000-0000-7000-8000-000000000000","1772600767.890000",' +
        '"vault",5102,"Secret-read",{"10":"ten","9":"nine","b":"€ \\"q\\" \\\\ \\n","userID":"ann","😀":"high","\ufb33":"low"},' +
        '"secret-read\\nann"]',
    );
  });

  test('is one text for one content, whatever the order of its members', () => {
    const reversed = Object.fromEntries(Object.entries(row.message).reverse());
    expect(rowText({ ...row, message: reversed })).toBe(rowText(row));
  });

  test('says all there is: the content can be read from it again', () => {
    fc.assert(
      fc.property(content, given => {
        const [, position, recordedAt, id, created, service, code, name, message, words] = JSON.parse(
          rowText(given),
        ) as unknown[];
        expect({ position, recordedAt, id, created, service, code, name, message, words }).toEqual({
          ...given,
          message: { ...given.message },
        });
      }),
    );
  });

  test.each([null, [], 'text', 7, { secret: { nested: 'x' } }, { secret: 7 }, { secret: null }])(
    'of a message that no service could send, %j, is that of no flat message',
    message => {
      const strange = rowText({ ...row, message: message as unknown as Record<string, string> });
      fc.assert(
        fc.property(fc.dictionary(fc.constantFrom('secret', 'nested'), text), flat => {
          expect(rowText({ ...row, message: flat })).not.toBe(strange);
        }),
      );
    },
  );
});

describe('batchText and headText', () => {
  test('are canonical JSON, with bytes in base64url', () => {
    const bytes = Buffer.from([251, 255, 0]);
    expect(
      batchText({
        number: 3,
        firstPosition: 11,
        recordCount: 5,
        recordedAt: '0.000000',
        keyId: '0123456789abcdef',
        previousMac: bytes,
        rowsDigest: Buffer.alloc(0),
      }),
    ).toBe('["strongroom-audit-batch/1",3,11,5,"0.000000","0123456789abcdef","-_8A",""]');
    expect(headText({ number: 3, position: 15, recordedAt: '0.000000', batchMac: bytes })).toBe(
      '["strongroom-audit-head/1",3,15,"0.000000","-_8A"]',
    );
  });
});

describe('instantText', () => {
  test.each([
    ['1970-01-01T00:00:00.000Z', '0.000000'],
    ['2026-03-04T05:06:07.890Z', '1772600767.890000'],
    ['1969-12-31T23:59:59.500Z', '-0.500000'],
    ['9999-12-31T23:59:59.999Z', '253402300799.999000'],
  ])('%s', (time, expected) => {
    expect(instantText(new Date(time))).toBe(expected);
  });

  test('is read back to the same millisecond', () => {
    const last = Date.parse('9999-12-31T23:59:59.999Z');
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: last }), ms => {
        expect(instantOf(instantText(new Date(ms))).getTime()).toBe(ms);
      }),
    );
  });
});
