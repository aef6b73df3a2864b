import type { Place } from './remains.ts';

export interface Search {
  /** Names of places that hold a secret in clear. */
  readonly leaks: readonly string[];
  /** Names of places in which what is known to be there was not found. */
  readonly blind: readonly string[];
  /** Places of which something is known. */
  readonly controls: number;
}

/** Looks for secrets in every spelling that a program may give them. */
export async function searchRemains(
  places: AsyncIterable<Place>,
  secrets: readonly string[],
): Promise<Search> {
  const holdsSecret = anyOf(secrets.flatMap(spellings));
  const leaks: string[] = [];
  const blind: string[] = [];
  let controls = 0;
  for await (const { name, content, holds } of places) {
    if (holdsSecret(content)) leaks.push(name);
    if (holds === undefined) continue;
    controls += 1;
    if (!anyOf([Buffer.from(holds)])(content)) blind.push(name);
  }
  return { leaks, blind, controls };
}

/** The ways in which a value could lie somewhere. */
function spellings(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  const inside = (encoding: 'base64' | 'base64url') =>
    // Encoded inside a longer text, a value starts at any of three offsets; its ends mix with neighbours.
    [0, 1, 2].map(offset =>
      Buffer.concat([Buffer.alloc(offset), bytes])
        .toString(encoding)
        .slice(4, -4),
    );
  const texts = [value, bytes.toString('hex'), ...inside('base64'), ...inside('base64url')];
  return [...texts.map(text => Buffer.from(text)), Buffer.from(value, 'utf16le')];
}

/** Whether one of many is somewhere in the content, in one pass over it: their first three bytes tell where to look. */
function anyOf(needles: readonly Buffer[]): (content: Buffer) => boolean {
  const heads = new Uint8Array(2 ** 24);
  const byHead = new Map<number, Buffer[]>();
  for (const needle of needles) {
    if (needle.length < 3) throw new Error('too short to be searched for');
    const head = needle.readUIntBE(0, 3);
    heads[head] = 1;
    byHead.set(head, [...(byHead.get(head) ?? []), needle]);
  }
  return content => {
    let head = 0;
    for (let at = 0; at < content.length; at += 1) {
      head = ((head << 8) | (content[at] ?? 0)) & 0xff_ff_ff;
      if (heads[head] === 1 && byHead.get(head)?.some(needle => stands(needle, content, at - 2)) === true)
        return true;
    }
    return false;
  };
}

const stands = (needle: Buffer, content: Buffer, at: number): boolean =>
  at >= 0 && needle.equals(content.subarray(at, at + needle.length));
