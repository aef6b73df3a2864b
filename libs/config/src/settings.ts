import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every wrong setting at once, so that an operator mends them in one go. Values are never repeated. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'CONFIGURATION_ERROR';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `${faults.length === 1 ? 'A setting is' : `${faults.length} settings are`} wrong:\n  ${faults.join('\n  ')}`,
    );
    this.faults = faults;
  }
}

/**
 * Reads typed settings from environment values. A fault is remembered, not thrown; `finish()` throws all of
 * them. Until then a faulty setting reads as its fallback or an empty value, so call `finish()` before use.
 * Any setting may be given as `NAME_FILE`, a path whose content (less one trailing newline) is the value.
 */
export interface Settings {
  text: (name: string, fallback?: string) => string;
  optionalText: (name: string) => string | undefined;
  /**
   * For a text that may come while the process runs: the file is read each time, and as long as it is not there or
   * empty the answer is undefined. Any other trouble with it is thrown, without its content. `fallbackFile` is looked
   * into when neither a value nor a file is given.
   */
  laterText: (name: string, fallbackFile?: string) => () => string | undefined;
  integer: (name: string, range: { min: number; max: number }, fallback?: number) => number;
  boolean: (name: string, fallback: boolean) => boolean;
  choice: <const T extends string>(name: string, choices: readonly T[], fallback: T) => T;
  url: (name: string, fallback?: string) => string;
  /** Notes a fault that a caller found, e.g. two settings that exclude each other. */
  fault: (message: string) => void;
  finish: () => void;
}

export function readSettings(environment: Environment): Settings {
  const faults: string[] = [];

  function raw(name: string): string | undefined {
    const value = environment[name];
    const file = environment[`${name}_FILE`];
    if (value !== undefined && value !== '' && file !== undefined && file !== '') {
      faults.push(`${name} and ${name}_FILE are both set; keep one`);
      return undefined;
    }
    if (file === undefined || file === '') return value === '' ? undefined : value;
    try {
      return contentOf(file);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      faults.push(`${name}_FILE: the file cannot be read (${reason})`);
      return undefined;
    }
  }

  function required<T>(name: string, fallback: T | undefined, empty: T): T {
    if (fallback !== undefined) return fallback;
    const known = faults.some(fault => fault.startsWith(`${name} `) || fault.startsWith(`${name}_FILE`));
    if (!known) faults.push(`${name} is required (or ${name}_FILE)`);
    return empty;
  }

  return {
    text: (name, fallback) => raw(name) ?? required(name, fallback, ''),
    optionalText: raw,
    laterText(name, fallbackFile) {
      const stated = environment[`${name}_FILE`] ?? '';
      const file = stated === '' ? fallbackFile : stated;
      const isGiven = (environment[name] ?? '') !== '';
      if (file !== undefined && !isGiven) return () => textIn(file);
      const value = raw(name);
      return () => value;
    },
    integer(name, { min, max }, fallback) {
      const text = raw(name);
      if (text === undefined) return required(name, fallback, min);
      const value = Number(text);
      if (/^-?\d{1,15}$/.test(text) && value >= min && value <= max) return value;
      faults.push(`${name} must be a whole number from ${min} to ${max}`);
      return min;
    },
    boolean(name, fallback) {
      const text = raw(name);
      if (text === undefined) return fallback;
      if (text === 'true' || text === 'false') return text === 'true';
      faults.push(`${name} must be true or false`);
      return fallback;
    },
    choice(name, choices, fallback) {
      const text = raw(name);
      if (text === undefined) return fallback;
      const choice = choices.find(candidate => candidate === text);
      if (choice === undefined) faults.push(`${name} must be one of ${choices.join(', ')}`);
      return choice ?? fallback;
    },
    url(name, fallback) {
      const text = raw(name) ?? required(name, fallback, '');
      if (text !== '' && !URL.canParse(text)) faults.push(`${name} must be a URL`);
      return text;
    },
    fault: message => void faults.push(message),
    finish() {
      if (faults.length > 0) throw new SettingsError(faults);
    },
  };
}

/** An empty file is as good as none: an empty password or key is never meant. */
const contentOf = (file: string): string | undefined =>
  readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined;

function textIn(file: string): string | undefined {
  try {
    return contentOf(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
