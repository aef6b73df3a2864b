import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { boundaryOf, formParts } from './multipart.ts';

interface Read {
  name: string;
  fileName: string | undefined;
  mediaType: string;
  content: string;
}

/** The body in pieces of these sizes, the rest as one. */
async function* cut(body: Buffer, sizes: readonly number[] = []): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    if (start >= body.length) return;
    yield body.subarray(start, start + size);
    start += size;
    await Promise.resolve();
  }
  if (start < body.length) yield body.subarray(start);
}

async function parts(
  boundary: string,
  bytes: AsyncIterable<Uint8Array>,
  skip: readonly number[] = [],
): Promise<Read[]> {
  const read: Read[] = [];
  let index = 0;
  for await (const { content, ...part } of formParts(boundary, bytes)) {
    const pieces: Uint8Array[] = [];
    if (!skip.includes(index)) for await (const piece of content) pieces.push(piece);
    read.push({ ...part, content: Buffer.concat(pieces).toString('latin1') });
    index += 1;
  }
  return read;
}

const file = (name: string, content: string, boundary = 'b') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`;

describe('a multipart body', () => {
  test('is read whatever the content is and however it is cut', async () => {
    const content = fc.array(
      fc.constantFrom('\r', '\n', '-', '--', '\r\n--', '\r\n--b', 'b', 'x', '\0', '\xff'),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          content.map(pieces => pieces.join('')),
          { maxLength: 4 },
        ),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 80 }),
        async (contents, sizes) => {
          const boundary = '=_x--y';
          const text = `preamble${contents.length > 0 ? '\r\n' : ''}${contents.map((one, index) => file(`f${index}`, one, boundary)).join('')}`;
          const body = Buffer.from(`${text === 'preamble' ? '' : text}--${boundary}--\r\nepilogue`, 'latin1');
          expect(await parts(boundary, cut(body, sizes))).toEqual(
            contents.map((one, index) => ({
              name: 'file',
              fileName: `f${index}`,
              mediaType: 'text/plain',
              content: one,
            })),
          );
        },
      ),
    );
  });

  test('what is not read of a part is passed over', async () => {
    const body = Buffer.from(`${file('a', 'first')}${file('b', 'second')}--b--`);
    expect((await parts('b', cut(body), [0])).map(({ content }) => content)).toEqual(['', 'second']);
  });

  test.each([
    ['a quote, as Go escapes it', 'filename="a\\"b"', 'a"b'],
    ['letters beyond ASCII', 'filename="ä.txt"', 'ä.txt'],
    ['letters beyond ASCII, encoded', `filename*=UTF-8''%C3%A4.txt`, 'ä.txt'],
    ['no quotes', 'filename=a.txt', 'a.txt'],
  ])('a file name may have %s', async (_what, parameter, name) => {
    const body = `--b\r\ncontent-disposition: form-data; name="file"; ${parameter}\r\n\r\nx\r\n--b--`;
    expect((await parts('b', cut(Buffer.from(body))))[0]?.fileName).toBe(name);
  });

  test.each([
    ['nothing', ''],
    ['no delimiter', 'text'],
    ['no end', file('a', 'x')],
    ['a head without an end', '--b\r\nContent-Disposition: form-data'],
    ['a large head', `--b\r\n${'a'.repeat(9_000)}`],
    ['too many parts', `${file('a', 'x').repeat(33)}--b--`],
  ])('with %s is refused', async (_what, text) => {
    await expect(parts('b', cut(Buffer.from(text)))).rejects.toMatchObject({ kind: 'invalid' });
  });
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; Boundary="a b"', 'a b'],
  ['application/json', undefined],
  ['', undefined],
])('the boundary of %j', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

test('a boundary is needed', () => {
  expect(() => boundaryOf('multipart/form-data; x=y')).toThrow('no usable boundary');
});
