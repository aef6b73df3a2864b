import { readFile } from 'node:fs/promises';
import { ignoreAbsence } from '@strongroom/errors/system-error';
import type { Parser } from '@strongroom/schema/parser';
import { Type } from '@strongroom/schema/types';
import { writeDurably } from './durable-file.ts';

/** The form of every secret that an installation makes: 32 random bytes in base64url. */
export const SecretText = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 });

/** `undefined`: there is no such file. */
export const readText = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(ignoreAbsence);

/** For their owner alone. */
export const writeJson = (file: string, value: object): Promise<void> =>
  writeDurably(file, `${JSON.stringify(value, undefined, 2)}\n`, 0o600);

/** JSON.parse repeats the text that it cannot read, so its error goes no further. The schema's faults name members only. */
export function parseFile<T>(file: string, text: string, parse: Parser<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON. Put it back from a copy.`);
  }
  try {
    return parse(value);
  } catch (cause) {
    throw new Error(
      `${file} has another form than expected: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}
