import { expect, test } from '@jest/globals';
import { atMost, textOf } from './byte-pieces.ts';

const pieces = (...texts: string[]) => texts.map(text => Buffer.from(text, 'latin1'));

test('bytes up to the limit are passed on, and not one more', async () => {
  expect(await textOf(atMost(pieces('ab', 'c'), 3, 'It'))).toBe('abc');
  await expect(textOf(atMost(pieces('ab', 'cd'), 3, 'It'))).rejects.toMatchObject({
    kind: 'too_large',
    message: 'It must have at most 3 bytes',
  });
});

test('a letter may be parted, and what is no text is refused', async () => {
  expect(await textOf(pieces('\xc3', '\xa4'))).toBe('ä');
  expect(await textOf([])).toBe('');
  await expect(textOf(pieces('\xc3'))).rejects.toMatchObject({ kind: 'invalid' });
});
