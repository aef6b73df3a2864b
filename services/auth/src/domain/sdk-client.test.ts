import { expect, test } from '@jest/globals';
import { admitsAddress, isAddressList } from './sdk-client.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.0/24, 198.51.100.1', '192.0.2.255'],
  ['192.0.2.0/24, 198.51.100.1', '198.51.100.1'],
  ['10.0.0.0/8;192.0.2.0/24', '192.0.2.9'],
  ['192.0.2.0/24', '::ffff:192.0.2.1'],
  ['2001:db8::/32', '2001:db8:1::1'],
  ['0.0.0.0/0', '203.0.113.9'],
])('the rule %j admits %j', (details, address) => {
  expect(isAddressList(details)).toBe(true);
  expect(admitsAddress({ details }, address)).toBe(true);
});

test.each([
  ['', '127.0.0.1'],
  [' , ', '127.0.0.1'],
  ['192.0.2.0/24', '192.0.3.0'],
  ['192.0.2.7', '192.0.2.70'],
  ['192.0.2.0/24', ''],
  ['192.0.2.0/24', 'localhost'],
])('the rule %j does not admit %j', (details, address) => {
  expect(isAddressList(details)).toBe(true);
  expect(admitsAddress({ details }, address)).toBe(false);
});

test.each(['192.0.2.0/33', '192.0.2', 'anywhere', '192.0.2.1-192.0.2.9', '192.0.2.1 or 192.0.2.2'])(
  '%j is no list of addresses, and admits nobody',
  details => {
    expect(isAddressList(details)).toBe(false);
    expect(admitsAddress({ details }, '192.0.2.1')).toBe(false);
  },
);
