import { expect, test } from '@jest/globals';
import { isReachable } from './reachable-address.ts';

test.each([
  '10.0.0.1',
  '172.16.3.4',
  '192.168.1.1',
  '8.8.8.8',
  '100.64.0.1',
  'fd12::1',
  '2a00::1',
  '2001:db8::1',
])('hosts live at %s', address => expect(isReachable(address, false)).toBe(true));

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '224.0.0.1',
  '255.255.255.255',
  'ff02::1',
  '',
  'localhost',
  '0x7f000001',
  '10.1',
])('never %s', address => expect(isReachable(address, true)).toBe(false));

test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s where it is allowed', address => {
  expect(isReachable(address, false)).toBe(false);
  expect(isReachable(address, true)).toBe(true);
});
