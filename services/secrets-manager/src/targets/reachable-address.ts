import { BlockList, isIP } from 'node:net';

/**
 * No account lives there, but programs answer that trust whoever reaches them: metadata services of clouds, and
 * addresses that mean this machine or all of them. Private networks are where hosts are.
 */
const FORBIDDEN = blockList(
  [
    ['0.0.0.0', 8],
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
    ['169.254.0.0', 16],
    ['192.0.0.192', 32],
    ['224.0.0.0', 3],
  ],
  [
    ['::', 128],
    ['64:ff9b::a9fe:0', 112],
    ['2002:a9fe::', 32],
    ['fd00:ec2::254', 128],
    ['fd20:ce::254', 128],
    ['fe80::', 10],
    ['ff00::', 8],
  ],
);
const LOOPBACK = blockList([['127.0.0.0', 8]], [['::1', 128]]);

/** IPv4 addresses mapped into IPv6 count as what they stand for. */
export function isReachable(address: string, allowLoopback: boolean): boolean {
  // fe80::1%eth0 names the interface as well.
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 0) return false;
  const isIn = (list: BlockList) => list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  return !isIn(FORBIDDEN) && (allowLoopback || !isIn(LOOPBACK));
}

function blockList(ipv4: readonly [string, number][], ipv6: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ipv4) list.addSubnet(network, prefix, 'ipv4');
  for (const [network, prefix] of ipv6) list.addSubnet(network, prefix, 'ipv6');
  return list;
}
