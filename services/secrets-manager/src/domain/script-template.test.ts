import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '@strongroom/errors/app-error';
import {
  compileScript,
  MAX_SCRIPT_BYTES,
  quoteForPowerShell,
  SAMPLE_VALUES,
  toOperatingSystem,
  type OperatingSystem,
} from './script-template.ts';

const compile = (script: string, username = SAMPLE_VALUES.username, system: OperatingSystem = 'LINUX') =>
  compileScript(system, script, { ...SAMPLE_VALUES, username });

function faultOf(work: () => unknown): [string, string | undefined] | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, error.property];
  }
}

/** Names that try to leave their quotes; no NUL, which no argument can hold. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...Array.from(`'"\`$\\;&|<>(){}!#*?~ \t\n`),
      '\u2018',
      '\u2019',
      '\u201a',
      '\u201b',
      '{{',
      '}}',
      "'\\''",
      '$&',
    ),
    fc.constantFrom('{{username}}', '$(id)', "';id;'", 'a', 'é'),
  ),
  maxLength: 12,
});

describe('compileScript', () => {
  test('puts in quoted samples', () => {
    expect(compile('id {{username}} {{hostname}}\r\nping {{address}}')).toBe(
      "id 'sample-user' 'host.example.com'\r\nping '192.0.2.10'",
    );
    expect(compile('net user {{username}}', "O'Brien", 'WINDOWS')).toBe("net user 'O''Brien'");
  });

  test.each([
    'echo ok',
    'x=${a:-${b}}',
    'awk "{print {1}}"',
    'if ($a) { if ($b) { c }}',
    'echo "quoted" {{username}}',
    "echo 'it'\\''s' {{username}}",
    'echo "a\\"b" {{username}}',
    'echo \\\\{{username}}',
    "# don't\nid {{username}}",
  ])('takes %j', script => {
    expect(faultOf(() => compile(script))).toBeUndefined();
  });

  test.each([
    '{{password}}',
    '{{ username }}',
    '{{USERNAME}}',
    '{{}}',
    '{{constructor}}',
    '{{username',
    '{{username}',
    '{{user\nname}}',
    '{{{username}}}',
    '{{{{username}}',
    '"{{username}}"',
    "'{{username}}'",
    'echo "user {{username}} of $(hostname)"',
    'echo `id {{username}}`',
    'echo \\{{username}}',
    'echo ${{username}}',
  ])('refuses %j', script => {
    expect(faultOf(() => compile(script))).toEqual(['VALUE_INCORRECT_FORMAT', 'script']);
  });

  test.each(['"{{username}}"', '\u201c{{username}}', '`{{username}}', '@{{username}}'])(
    'refuses %j for Windows',
    script => {
      expect(faultOf(() => compile(script, 'a', 'WINDOWS'))).toEqual(['VALUE_INCORRECT_FORMAT', 'script']);
    },
  );

  test('bounds the script in bytes', () => {
    expect(compile('é'.repeat(MAX_SCRIPT_BYTES / 2))).toHaveLength(MAX_SCRIPT_BYTES / 2);
    expect(faultOf(() => compile('é'.repeat(MAX_SCRIPT_BYTES / 2) + 'a'))).toEqual([
      'VALUE_OUT_OF_BOUNDS',
      'script',
    ]);
    expect(faultOf(() => compile(''))).toEqual(['REQUIRED_VALUE_MISSING', 'script']);
  });

  test('no name breaks out of a shell command', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 3 }), names => {
        const script = names.map(name => compile('printf "%s\\0" {{username}}\n', name)).join('');
        // A real shell is the judge: each command printed its name and nothing else ran.
        const output = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
        expect(output).toBe(names.map(name => `${name}\0`).join(''));
      }),
      { numRuns: 100 },
    );
  });

  test('no name breaks out of a PowerShell command', () => {
    fc.assert(
      fc.property(hostile, name => {
        const text = compile('echo {{username}}', name, 'WINDOWS');
        expect(readPowerShellWord(text.slice('echo '.length))).toBe(name);
        expect(text).toBe(`echo ${quoteForPowerShell(name)}`);
      }),
      { numRuns: 500 },
    );
  });

  test('a value is not scanned again', () => {
    expect(compile('id {{username}}', '{{hostname}}$&')).toBe("id '{{hostname}}$&'");
  });

  test('a script of nothing but placeholders compiles', () => {
    const script = '{{username}}'.repeat(MAX_SCRIPT_BYTES / '{{username}}'.length);
    expect(compile(script)).toBe("'sample-user'".repeat(script.length / '{{username}}'.length));
  });
});

/** PowerShell's rule: in a single-quoted text two single quotes of any kind are one, the second of them. */
function readPowerShellWord(text: string): string | undefined {
  const isQuote = (character: string) => /^['\u2018-\u201b]$/.test(character);
  if (!isQuote(text.charAt(0))) return undefined;
  let word = '';
  for (let index = 1; index < text.length; index += 1) {
    if (!isQuote(text.charAt(index))) word += text.charAt(index);
    else if (index === text.length - 1) return word;
    else if (isQuote(text.charAt(index + 1))) word += text.charAt((index += 1));
    else return undefined;
  }
  return undefined;
}

describe('toOperatingSystem', () => {
  test('takes any case', () => {
    expect(['linux', 'Linux', 'WINDOWS'].map(toOperatingSystem)).toEqual(['LINUX', 'LINUX', 'WINDOWS']);
  });

  test.each(['', 'MACOS', 'LINUX '])('refuses %j', text => {
    expect(faultOf(() => toOperatingSystem(text))).toEqual(['VALUE_INCORRECT_FORMAT', 'operating_system']);
  });
});
