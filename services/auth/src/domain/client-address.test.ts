import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countedAddress } from './client-address.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:C000:0207', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
  ['no address', 'no address'],
])('%s counts as %s', (address, counted) => {
  expect(countedAddress(address)).toBe(counted);
});

test('all addresses of one /64 are one, and no others', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const prefix = (address: string) => countedAddress(address).replace('::/64', '');
      const inside = `${prefix('2001:db8:1:2::')}:${prefix(one).replaceAll('.', '')}`;
      fc.pre(prefix(one).split(':').length === 4);
      expect(countedAddress(inside)).toBe('2001:db8:1:2::/64');
      expect(countedAddress(`2001:db8:1:3::${other.split(':').at(-1) ?? ''}`)).not.toBe('2001:db8:1:2::/64');
    }),
  );
});
