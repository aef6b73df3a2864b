import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shownOutput, WITHHELD } from './shown-output.ts';

const password = fc.string({
  unit: fc.constantFrom(
    ...Array.from('abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789+,-.:=@_\'"\\$'),
  ),
  minLength: 12,
  maxLength: 64,
});
const bytes = (text: string, form: (byte: number) => string) => [...Buffer.from(text)].map(form).join('');

const ENCODINGS: Record<string, (text: string) => string> = {
  'as it is': text => text,
  'in capitals': text => text.toUpperCase(),
  backwards: text => text.split('').reverse().join(''),
  'in JSON': text => JSON.stringify(text),
  'in a shell': text => `'${text.replaceAll("'", `'\\''`)}'`,
  'with every character escaped': text => text.replace(/./g, '\\$&'),
  'one character to a line': text => text.split('').join('\n'),
  'in base64': text => Buffer.from(text).toString('base64'),
  'in base64 for URLs, behind one byte': text => Buffer.from(`:${text}`).toString('base64url'),
  'in base64, behind two bytes, in lines': text =>
    Buffer.from(`r:${text}\n`).toString('base64').replace(/.{7}/g, '$&\n'),
  'in hexadecimal': text => Buffer.from(text).toString('hex'),
  'as a dump': text => bytes(text, byte => `${byte.toString(16).padStart(2, '0')} `),
  'in C': text => bytes(text, byte => `\\x${byte.toString(16)}`),
  'in octal': text => bytes(text, byte => `\\${byte.toString(8).padStart(3, '0')}`),
  'in decimal': text => bytes(text, byte => `${byte} `),
  'in a URL': text => bytes(text, byte => `%${byte.toString(16).toUpperCase()}`),
  'in UTF-16': text => text.replace(/./g, '$&\0'),
  'in HTML': text => bytes(text, byte => `&#${byte};`),
};

describe.each(Object.keys(ENCODINGS))('a password %s', name => {
  const encode = ENCODINGS[name]!;

  test('is withheld, whole or in part, wherever it stands', () => {
    fc.assert(
      fc.property(
        password,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 8, max: 20 }),
        fc.integer({ min: 0, max: 3_000 }),
        (secret, from, length, after) => {
          const part = secret.slice(from, from + length);
          const text = `chpasswd: line 1: ${encode(part)} ${'y'.repeat(after)}`;
          expect(shownOutput(Buffer.from(text), ['other-Passw0rd', secret])).toBe(WITHHELD);
        },
      ),
    );
  });
});

test('what has nothing of a password in it is shown, by its end, without control of the terminal', () => {
  const secret = 'xK9+mQ2=vT7_Zr4';
  const text = `${'a'.repeat(3_000)}\u001b[31mchpasswd:\u0007 (user bob) pam_chauthtok() failed, error:\r\nno such user\n`;
  const shown = shownOutput(Buffer.from(text), [secret]);
  expect(shown).toHaveLength(1_024);
  expect(shown).toMatch(/aachpasswd: \(user bob\) pam_chauthtok\(\) failed, error:\nno such user$/);
});

test('random passwords seldom hide harmless text', () => {
  const text = Buffer.from('passwd: Authentication token manipulation error\npasswd: password unchanged\n');
  const secrets = fc.sample(password, 500);
  expect(secrets.filter(secret => shownOutput(text, [secret]) === WITHHELD).length).toBeLessThan(10);
});

test.each(['a', 'ab', ':', ''])('the password %j', secret => {
  expect(shownOutput(Buffer.from('cab: b'), [secret])).toBe(secret === '' ? 'cab: b' : WITHHELD);
});

test('bytes that are no text', () => {
  expect(shownOutput(Buffer.from([0xff, 0xfe, 0x41]), ['secret-secret'])).toBe('\ufffd\ufffdA');
});
