import { expect, test } from '@jest/globals';
import { isSubnet } from './subnet.ts';

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
