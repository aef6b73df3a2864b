import { expect, test } from '@jest/globals';
import { toMebibytes } from './docker.ts';

test.each([
  ['53.14MiB', 53.14],
  ['1.5GiB', 1536],
  ['512KiB', 0.5],
  ['1048576B', 1],
])('docker says %s', (text, size) => {
  expect(toMebibytes(text)).toBe(size);
});

test('what it does not say is no number', () => {
  expect(toMebibytes('--')).toBeNaN();
});
