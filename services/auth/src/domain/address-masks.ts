import { BlockList, isIP } from 'node:net';

/**
 * The networks that masks name: addresses or CIDR blocks of IPv4 and IPv6. An IPv4 address is the same in its
 * own notation and mapped into IPv6 (RFC 4291, 2.5.5.2), on either side. Undefined: one of them is no mask.
 */
export function parseMasks(masks: readonly string[]): BlockList | undefined {
  const networks = new BlockList();
  for (const mask of masks) {
    const [, address = '', prefix] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(mask) ?? [];
    const version = isIP(address);
    if (version === 0) return undefined;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) networks.addAddress(address, family);
    else if (Number(prefix) <= (version === 4 ? 32 : 128)) {
      networks.addSubnet(address, Number(prefix), family);
    } else return undefined;
  }
  return networks;
}

/** False for what is no address. */
export function isWithin(networks: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** One address, or one network as address and prefix length (RFC 4632, RFC 4291), without a zone. */
export const isSubnet = (text: string): boolean => parseMasks([text]) !== undefined;
