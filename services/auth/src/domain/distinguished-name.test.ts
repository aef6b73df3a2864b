import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { onlyAttribute, parseDistinguishedName } from './distinguished-name.ts';

const pairs = (text: string) => parseDistinguishedName(text)?.map(({ type, value }) => [type, value]);

describe('a distinguished name (RFC 4514)', () => {
  test.each<[string, [string, string][]]>([
    [
      'CN=alice,DC=example,DC=com',
      [
        ['cn', 'alice'],
        ['dc', 'example'],
        ['dc', 'com'],
      ],
    ],
    [
      'cn = alice , dc= example',
      [
        ['cn', 'alice'],
        ['dc', 'example'],
      ],
    ],
    [
      'OU=Sales+CN=J.  Smith,DC=example',
      [
        ['ou', 'Sales'],
        ['cn', 'J.  Smith'],
        ['dc', 'example'],
      ],
    ],
    [
      'CN=James \\"Jim\\" Smith\\, III,DC=x',
      [
        ['cn', 'James "Jim" Smith, III'],
        ['dc', 'x'],
      ],
    ],
    ['CN=Before\\0dAfter', [['cn', 'Before\rAfter']]],
    ['CN=Lu\\C4\\8Di\\C4\\87', [['cn', 'Lučić']]],
    ['CN=Lučić', [['cn', 'Lučić']]],
    ['2.5.4.3=alice', [['2.5.4.3', 'alice']]],
    ['CN=a\\20', [['cn', 'a ']]],
    ['CN=\\ a\\ ', [['cn', ' a ']]],
    ['CN=a=b', [['cn', 'a=b']]],
  ])('%s', (text, expected) => expect(pairs(text)).toEqual(expected));

  test.each([
    '',
    'alice',
    '=alice',
    'cn=',
    'cn=a,',
    'cn=a,,dc=b',
    'cn=#04024869',
    'cn="a"',
    'cn=a;dc=b',
    'cn=\\',
    'cn=\\zz',
    'cn=\\ff',
    'c n=a',
  ])('not one: %j', text => expect(parseDistinguishedName(text)).toBeUndefined());

  test('every value comes back that was written by the rules', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => text.isWellFormed());
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), values => {
        const hex = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '\\$&');
        const text = values.map(content => `cn=${hex(content)}`).join(',');
        expect(pairs(text)).toEqual(values.map(content => ['cn', content]));
      }),
    );
  });
});

test('an attribute that is there twice names nobody', () => {
  const name = parseDistinguishedName('CN=alice,UID=al,CN=bob') ?? [];
  expect([onlyAttribute(name, 'uid'), onlyAttribute(name, 'cn'), onlyAttribute(name, 'mail')]).toEqual([
    'al',
    undefined,
    undefined,
  ]);
});
