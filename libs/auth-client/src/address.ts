import { isIP, isIPv6 } from 'node:net';

/** Whether two texts name the same IP address: IPv6 in any spelling, and IPv4 written as IPv6 (RFC 4291, 2.5.5.2). */
export function isSameAddress(one: string, other: string): boolean {
  const canonical = canonicalAddress(one);
  return canonical !== undefined && canonical === canonicalAddress(other);
}

function canonicalAddress(text: string): string | undefined {
  if (isIP(text) === 0) return undefined;
  // A zone (`fe80::1%eth0`) means something on one machine only.
  if (!isIPv6(text) || text.includes('%')) return text;
  // The form of RFC 5952, as URLs have it.
  const compressed = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null) return compressed;
  const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
