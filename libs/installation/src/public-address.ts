import { isIPv6 } from 'node:net';

const ANY_ADDRESS = ['0.0.0.0', '::'];

/** RFC 1123 host names, as certificates and URLs can hold them. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text);

/** An address as tokens state it: what browsers call an origin, in its one spelling. */
export const isOrigin = (text: string): boolean =>
  URL.canParse(text) && text.startsWith('https://') && new URL(text).origin === text;

export const isAnyAddress = (host: string): boolean => ANY_ADDRESS.includes(host);

/** The address that clients are told. An address that stands for "here" or "everywhere" becomes `localhost`. */
export function baseUrlOf(host: string, port: number): string {
  const name = host === '127.0.0.1' || isAnyAddress(host) ? 'localhost' : host;
  return `https://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/** The name in a certificate: IPv6 addresses stand in brackets only in URLs. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');
