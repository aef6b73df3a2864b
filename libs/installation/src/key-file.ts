import { randomToken } from '@strongroom/crypto/random';
import { parseRootKey } from '@strongroom/crypto/root-key';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { writeDurably } from './durable-file.ts';
import { readText } from './secret-file.ts';

export interface KeyFileOptions {
  file: string;
  /** For messages, e.g. `root key`. */
  name: string;
  /** The setting by which an operator may give the key instead, if any. */
  setting?: string;
  /** False where data exist that a new key would not fit. */
  mayMake: boolean;
  /** What does not work without it, e.g. `the database cannot be opened`. */
  without: string;
  /** Of a file that is made; 0600 unless said otherwise. */
  mode?: number;
}

/** A key of 32 bytes in base64url, one line; made at random when it may be. */
export async function readOrMakeKey(options: KeyFileOptions): Promise<SecretBytes> {
  const { file, name, setting, mayMake, without } = options;
  let text = await readText(file);
  if (text === undefined) {
    if (!mayMake) {
      throw new Error(
        `The ${name} ${file} is missing, and without it ${without}. ` +
          `Put the file back from where it was kept${setting === undefined ? '' : `, or set ${setting}`}.`,
      );
    }
    text = `${randomToken()}\n`;
    await writeDurably(file, text, options.mode ?? 0o600);
  }
  const key = parseRootKey(text);
  if (key === undefined) throw new Error(`The ${name} ${file} is not 32 bytes in base64url`);
  return key;
}
