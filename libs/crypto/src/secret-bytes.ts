import { inspect } from 'node:util';

/** Key material in memory. It prints as redacted wherever it ends up: logs, JSON, template strings. */
export class SecretBytes {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, for a cipher or a file of 0600. Never keep or print them. */
  reveal(): Buffer {
    return this.#bytes;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
