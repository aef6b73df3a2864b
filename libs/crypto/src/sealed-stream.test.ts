import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KEY_BYTES, OVERHEAD_BYTES } from './aead.ts';
import { openValue, sealValue, type ValueAddress } from './envelope.ts';
import { createKeyring } from './keyring.ts';
import {
  CHUNK_BYTES,
  createDataKey,
  openBeside,
  openDataKey,
  openStream,
  sealBeside,
  sealStream,
} from './sealed-stream.ts';
import { SecretBytes } from './secret-bytes.ts';

const failed = expect.objectContaining({ code: 'DECRYPTION_FAILED' });
const keyring = createKeyring(new Map([[1, new SecretBytes(randomBytes(KEY_BYTES))]]), 1);
const address: ValueAddress = {
  schema: 'vault',
  table: 'files',
  objectId: 'a',
  version: 1,
  field: 'content',
};
const { wrapped, dataKey } = createDataKey(keyring, address);

// eslint-disable-next-line @typescript-eslint/require-await -- what the functions take
async function* piecesOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

const sealAll = (pieces: Iterable<Uint8Array>, key = dataKey, place = address) =>
  collect(sealStream(key, piecesOf(pieces), place));
const openAll = async (chunks: Iterable<Uint8Array>, key = dataKey, place = address) =>
  Buffer.concat(await collect(openStream(key, piecesOf(chunks), place)));

/** Cuts `bytes` at the given places, empty pieces included. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map(place => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('a sealed stream', () => {
  test.each([
    [0, 1],
    [1, 1],
    [CHUNK_BYTES - 1, 1],
    [CHUNK_BYTES, 1],
    [CHUNK_BYTES + 1, 2],
    [2 * CHUNK_BYTES, 2],
    [3 * CHUNK_BYTES + 7, 4],
  ])('of %i bytes has %i chunks and opens', async (size, count) => {
    const bytes = randomBytes(size);
    const chunks = await sealAll([bytes]);
    expect(chunks).toHaveLength(count);
    expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(size + count * OVERHEAD_BYTES);
    expect((await openAll(chunks)).equals(bytes)).toBe(true);
  });

  test('is the same however its bytes come', async () => {
    const bytes = randomBytes(2 * CHUNK_BYTES + 999);
    const sizes = (await sealAll([bytes])).map(({ length }) => length);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 9 }), async places => {
        const chunks = await sealAll(cut(bytes, places));
        expect(chunks.map(({ length }) => length)).toEqual(sizes);
        expect((await openAll(chunks)).equals(bytes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('asks for no more than it can seal, and leaves when it is left', async () => {
    let asked = 0;
    let left = false;
    async function* endless() {
      try {
        for (;;) {
          asked += 1;
          yield Buffer.alloc(CHUNK_BYTES);
          await Promise.resolve();
        }
      } finally {
        left = true;
      }
    }
    const chunks = sealStream(dataKey, endless(), address);
    await chunks.next();
    expect(asked).toBe(2);
    await chunks.return();
    expect(left).toBe(true);
  });
});

describe('a stream is refused', () => {
  const bytes = randomBytes(3 * CHUNK_BYTES + 5);
  const chunkIndex = fc.nat(3);

  test('with a chunk altered anywhere', async () => {
    const chunks = await sealAll([bytes]);
    await fc.assert(
      fc.asyncProperty(chunkIndex, fc.nat(), fc.nat(7), async (index, place, bit) => {
        const altered = chunks.map(chunk => Buffer.from(chunk));
        const chunk = altered[index] ?? Buffer.alloc(0);
        chunk[place % chunk.length]! ^= 1 << bit;
        await expect(openAll(altered)).rejects.toThrow(failed);
      }),
      { numRuns: 60 },
    );
  });

  test('with chunks left out, doubled or in another order', async () => {
    const chunks = await sealAll([bytes]);
    const order = fc.array(chunkIndex, { maxLength: 6 }).filter(indexes => indexes.join() !== '0,1,2,3');
    await fc.assert(
      fc.asyncProperty(order, async indexes => {
        const arranged = indexes.map(index => chunks[index] ?? Buffer.alloc(0));
        await expect(openAll(arranged)).rejects.toThrow(failed);
      }),
    );
  });

  test('cut short to any number of chunks, none included, and with one more', async () => {
    const chunks = await sealAll([bytes]);
    for (let count = 0; count < chunks.length; count += 1) {
      await expect(openAll(chunks.slice(0, count))).rejects.toThrow(failed);
    }
    const [more] = await sealAll([Buffer.alloc(0)]);
    await expect(openAll([...chunks, more ?? Buffer.alloc(0)])).rejects.toThrow(failed);
  });

  test('with a chunk of another stream, at another address or under another key', async () => {
    const there = { ...address, objectId: 'b' };
    const [here, elsewhere] = [await sealAll([bytes]), await sealAll([bytes], dataKey, there)];
    const mixed = here.map((chunk, index) => (index === 1 ? (elsewhere[1] ?? chunk) : chunk));
    await expect(openAll(mixed)).rejects.toThrow(failed);
    await expect(openAll(here, dataKey, there)).rejects.toThrow(failed);
    const other = createDataKey(keyring, address).dataKey;
    await expect(openAll(here, other)).rejects.toThrow(failed);
  });

  test('although all chunks before the fault come out as they were', async () => {
    const chunks = await sealAll([bytes]);
    const opened = openStream(dataKey, piecesOf(chunks.slice(0, 3)), address);
    expect((await opened.next()).value).toEqual(bytes.subarray(0, CHUNK_BYTES));
    expect((await opened.next()).value).toEqual(bytes.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES));
    await expect(opened.next()).rejects.toThrow(failed);
  });
});

test('a value beside a stream opens under its key at its address, and is none of its chunks', async () => {
  const value = sealBeside(dataKey, Buffer.from('name'), address);
  expect(openBeside(dataKey, value, address).toString()).toBe('name');
  expect(() => openBeside(dataKey, value, { ...address, objectId: 'b' })).toThrow(failed);
  await expect(openAll([value])).rejects.toThrow(failed);
  const [chunk] = await sealAll([Buffer.from('name')]);
  expect(() => openBeside(dataKey, chunk ?? Buffer.alloc(0), address)).toThrow(failed);
});

describe('a data key', () => {
  test('opens at its address only', () => {
    expect(openDataKey(keyring, wrapped, address).reveal()).toEqual(dataKey.reveal());
    expect(() => openDataKey(keyring, wrapped, { ...address, objectId: 'b' })).toThrow(failed);
  });

  test('of a value does not serve a stream of the same address, nor the other way round', async () => {
    const value = sealValue(keyring, Buffer.from('value'), address);
    const key = openDataKey(keyring, value, address);
    await expect(openAll([value.ciphertext], key)).rejects.toThrow(failed);
    const [chunk] = await sealAll([Buffer.from('chunk')]);
    const envelope = { ...wrapped, ciphertext: chunk ?? Buffer.alloc(0) };
    expect(() => openValue(keyring, envelope, address)).toThrow(failed);
  });
});
