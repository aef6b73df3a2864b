import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readSettings, SettingsError, type Environment, type Settings } from './settings.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'strongroom-settings-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const full = path.join(directory, name);
  writeFileSync(full, content);
  return full;
}

function faultsOf(environment: Environment, read: (settings: Settings) => void): readonly string[] {
  const settings = readSettings(environment);
  read(settings);
  try {
    settings.finish();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).faults;
  }
}

describe('settings that are right', () => {
  test('are read by type', () => {
    const settings = readSettings({ A: 'text', B: '17', C: 'false', D: 'warn', E: 'https://host:1/path' });
    expect(settings.text('A')).toBe('text');
    expect(settings.integer('B', { min: 17, max: 17 })).toBe(17);
    expect(settings.boolean('C', true)).toBe(false);
    expect(settings.choice('D', ['info', 'warn'], 'info')).toBe('warn');
    expect(settings.url('E')).toBe('https://host:1/path');
    expect(() => settings.finish()).not.toThrow();
  });

  test('fall back when absent or empty', () => {
    for (const environment of [{}, { A: '', A_FILE: '' }]) {
      const settings = readSettings(environment);
      expect(settings.text('A', 'default')).toBe('default');
      expect(settings.integer('A', { min: 0, max: 9 }, 3)).toBe(3);
      expect(settings.boolean('A', true)).toBe(true);
      expect(settings.choice('A', ['x', 'y'], 'y')).toBe('y');
      expect(settings.optionalText('A')).toBeUndefined();
      expect(() => settings.finish()).not.toThrow();
    }
  });

  test.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    [' secret ', ' secret '],
  ])('come from a file less one newline: %j', (content, value) => {
    const settings = readSettings({ A_FILE: file('value', content) });
    expect(settings.text('A')).toBe(value);
    settings.finish();
  });
});

describe('settings that are wrong', () => {
  test('are told all at once, without their values', () => {
    const environment = {
      INTEGER: 'CANARY-integer',
      BOOLEAN: 'CANARY-yes',
      CHOICE: 'CANARY-choice',
      URL: 'CANARY url',
      BOTH: 'CANARY-both',
      BOTH_FILE: file('both', 'CANARY-file'),
      UNREADABLE_FILE: path.join(directory, 'CANARY-missing'),
    };
    const settings = readSettings(environment);
    settings.integer('INTEGER', { min: 1, max: 10 });
    settings.boolean('BOOLEAN', true);
    settings.choice('CHOICE', ['a', 'b'], 'a');
    settings.url('URL');
    settings.text('BOTH');
    settings.text('UNREADABLE');
    settings.text('MISSING');
    settings.fault('A and B exclude each other');
    expect.assertions(3);
    try {
      settings.finish();
    } catch (error) {
      const { faults, message } = error as SettingsError;
      expect(faults).toEqual([
        'INTEGER must be a whole number from 1 to 10',
        'BOOLEAN must be true or false',
        'CHOICE must be one of a, b',
        'URL must be a URL',
        'BOTH and BOTH_FILE are both set; keep one',
        'UNREADABLE_FILE: the file cannot be read (ENOENT)',
        'MISSING is required (or MISSING_FILE)',
        'A and B exclude each other',
      ]);
      for (const fault of faults) if (!message.includes(fault)) throw new Error(`missing: ${fault}`);
      expect(message).not.toContain('CANARY');
      expect(JSON.stringify(error)).not.toContain('CANARY');
    }
  });

  test.each(['0', '11', '1.5', '1e1', '0x5', ' 5', '5 ', '+5', '١', 'NaN', '9999999999999999999'])(
    'an integer from 1 to 10 is not %j',
    value => {
      expect(faultsOf({ A: value }, settings => settings.integer('A', { min: 1, max: 10 }, 5))).toHaveLength(
        1,
      );
    },
  );

  test.each(['TRUE', '1', 'yes', ' true'])('a boolean is not %j', value => {
    expect(faultsOf({ A: value }, settings => settings.boolean('A', false))).toHaveLength(1);
  });

  test('an empty secret file is as missing as an empty value', () => {
    for (const content of ['', '\n']) {
      const environment = { A_FILE: file('empty', content) };
      expect(faultsOf(environment, settings => settings.text('A'))).toEqual(['A is required (or A_FILE)']);
      expect(readSettings(environment).optionalText('A')).toBeUndefined();
    }
  });

  test('a setting whose name begins like a faulty one is still required', () => {
    const faults = faultsOf({ KEY: 'x', KEY_FILE: 'y' }, settings => {
      settings.text('KEY');
      settings.text('KEY_ID');
    });
    expect(faults).toEqual([
      'KEY and KEY_FILE are both set; keep one',
      'KEY_ID is required (or KEY_ID_FILE)',
    ]);
  });
});

describe('a text that may come later', () => {
  test('is read from its file each time, as soon as that is there', () => {
    const late = path.join(directory, 'late');
    const settings = readSettings({ A_FILE: late });
    const read = settings.laterText('A');
    expect(() => settings.finish()).not.toThrow();
    expect(read()).toBeUndefined();
    writeFileSync(late, '');
    expect(read()).toBeUndefined();
    writeFileSync(late, 'first\n');
    expect(read()).toBe('first');
    writeFileSync(late, 'second\n');
    expect(read()).toBe('second');
    rmSync(late);
    expect(read()).toBeUndefined();
  });

  test('may be a value as well, but not both', () => {
    expect(readSettings({ A: 'value' }).laterText('A')()).toBe('value');
    expect(readSettings({}).laterText('A')()).toBeUndefined();
    expect(faultsOf({ A: 'value', A_FILE: '/x' }, settings => settings.laterText('A'))).toEqual([
      'A and A_FILE are both set; keep one',
    ]);
  });

  test('has a file of its own when nothing is given', () => {
    const late = file('fallback', 'from the fallback');
    expect(readSettings({}).laterText('A', late)()).toBe('from the fallback');
    expect(readSettings({ A: 'value' }).laterText('A', late)()).toBe('value');
    expect(readSettings({ A_FILE: path.join(directory, 'none') }).laterText('A', late)()).toBeUndefined();
  });

  test('does not hide that its file cannot be read', () => {
    expect(() => readSettings({ A_FILE: directory }).laterText('A')()).toThrow('EISDIR');
  });
});
