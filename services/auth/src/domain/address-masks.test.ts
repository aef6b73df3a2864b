import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSubnet, isWithin, parseMasks } from './address-masks.ts';

const within = (masks: string[], address: string) => {
  const networks = parseMasks(masks);
  if (networks === undefined) throw new Error('not masks');
  return isWithin(networks, address);
};

describe('an address within masks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['10.0.0.0/8', '::a01:203', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.7/32', '192.0.2.7', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:DB8::/32', '2001:0db8:0001:0:0:0:0:1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '10.0.0.1', false],
    ['::1', '::1', true],
    ['10.0.0.0/8', '', false],
    ['10.0.0.0/8', 'unknown', false],
    ['10.0.0.0/8', '10.0.0.1, 192.0.2.1', false],
    ['10.0.0.0/8', '010.0.0.1', false],
  ])('%s %s: %s', (mask, address, expected) => {
    expect(within([mask], address)).toBe(expected);
    expect(within(['198.51.100.1', mask], address)).toBe(expected);
  });

  test('agrees with arithmetic for IPv4', () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    const dotted = (value: number) =>
      [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 32 }), (network, address, prefix) => {
        const size = 2 ** (32 - prefix);
        const expected = Math.floor(network / size) === Math.floor(address / size);
        const mask = `${dotted(network)}/${prefix}`;
        expect(within([mask], dotted(address))).toBe(expected);
        expect(within([mask], `::ffff:${dotted(address)}`)).toBe(expected);
      }),
    );
  });
});

test.each([
  '',
  'x',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0/8',
  '::/129',
  'fe80::1%eth0',
  ' 10.0.0.1',
])('%j is no mask', mask => {
  expect(parseMasks([mask])).toBeUndefined();
  expect(parseMasks(['10.0.0.1', mask])).toBeUndefined();
});

test.each([
  '0.0.0.0/0',
  '::/0',
  '10.10.0.0/16',
  '10.1.2.3',
  '2001:db8::/32',
  'fe80::1',
  '10.0.0.0/32',
  '::1/128',
])('a subnet: %s', text => expect(isSubnet(text)).toBe(true));

test.each([
  '',
  '/',
  '10.0.0.0/',
  '10.0.0.0/33',
  '::/129',
  '10.0.0/8',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  'fe80::1%eth0',
  'host',
  ' 10.0.0.0/8',
])('no subnet: %j', text => expect(isSubnet(text)).toBe(false));
