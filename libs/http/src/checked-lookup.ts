import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

/** An address that must not be connected to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor() {
    super('the address is not one that may be connected to');
  }
}

/**
 * For connections to hosts that somebody's data names, made from where we can reach what he cannot. Every address
 * of the name is checked where the connection is made, and connected to as checked, so that a second answer of the
 * name server changes nothing. One address that may not be used spoils the name: the others may only be there to
 * pass a check.
 */
export const checkedLookup =
  (mayConnect: (address: string) => boolean, lookup: LookupFunction = systemLookup): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const found = Array.isArray(addresses) ? addresses : [];
      const [first] = found;
      if (error !== null || first === undefined) callback(error ?? new Error('the name has no address'), []);
      else if (!found.every(({ address }) => mayConnect(address))) callback(new AddressRefused(), []);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };

/** What stands for itself is never looked up, so it is to be checked before. */
export const isRefusedLiteral = (host: string, mayConnect: (address: string) => boolean): boolean =>
  isIP(host) !== 0 && !mayConnect(host);
