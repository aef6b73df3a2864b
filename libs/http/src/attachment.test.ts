import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attachment } from './attachment.ts';

test.each([
  ['id_rsa', `attachment; filename="id_rsa"; filename*=UTF-8''id_rsa`],
  ['a b.pem', `attachment; filename="a b.pem"; filename*=UTF-8''a%20b.pem`],
  ['"; x="', `attachment; filename="__ x__"; filename*=UTF-8''%22%3B%20x%3D%22`],
  ["it's (1)*.txt", `attachment; filename="it_s _1__.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
  [
    'Schlüssel €.pem',
    `attachment; filename="Schl_ssel _.pem"; filename*=UTF-8''Schl%C3%BCssel%20%E2%82%AC.pem`,
  ],
])('%s', (name, value) => {
  expect(attachment(name)).toBe(value);
});

test('any name is two well-formed parameters, and the second one is the name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      const match = /^attachment; filename="([\w.\- ]*)"; filename\*=UTF-8''([\w.!~%-]*)$/.exec(
        attachment(name),
      );
      expect(decodeURIComponent(match?.[2] ?? '')).toBe(name.toWellFormed());
    }),
  );
});
