import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textOf } from '@strongroom/http/byte-pieces';
import { withoutText } from './without-text.ts';

/** The bytes of a text in pieces of this size. */
function cut(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += size) pieces.push(bytes.subarray(start, start + size));
  return pieces;
}

const without = (text: string, size = 3) => textOf(withoutText('FileContent', cut(text, size)));

describe('JSON without the text of one member', () => {
  test('is the same value but for that text, however it is written and cut', async () => {
    const name = fc.constantFrom(
      'FileContent',
      'filecontent',
      'FileConten',
      'FileContents',
      'Title',
      '',
      '"\\',
    );
    const text = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\\"', '{"FileContent":"x"}', 'ä€', ':,'));
    const leaf = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 2 }));
    const object = fc.dictionary(name, fc.oneof(leaf, fc.dictionary(name, leaf)));
    await fc.assert(
      fc.asyncProperty(
        object,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 1),
        async (value, size, indent) => {
          const expected = Object.fromEntries(
            Object.entries(value).map(([key, one]) => [
              key,
              key.toLowerCase() === 'filecontent' && typeof one === 'string' ? '' : one,
            ]),
          );
          const read = JSON.parse(await without(JSON.stringify(value, null, indent), size)) as unknown;
          expect(read).toEqual(JSON.parse(JSON.stringify(expected)));
        },
      ),
    );
  });

  test('has nothing of it, at whatever length', async () => {
    const text = JSON.stringify({ a: 1, FileContent: '"\\€'.repeat(100_000), z: 2 });
    expect(await without(text, 65_536)).toBe('{"a":1,"FileContent":"","z":2}');
  });

  test('is passed on as it is where it is none', async () => {
    for (const text of [
      '',
      '[]',
      '"FileContent":"x"',
      '["FileContent","x"]',
      '{"a":',
      ']]}{{"FileContent" "x"',
    ]) {
      expect(await without(text)).toBe(text);
    }
  });
});
