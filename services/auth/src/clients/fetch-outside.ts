import { lookup as systemLookup } from 'node:dns';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../domain/public-address.ts';

export interface OutsideRule {
  /** Hosts that may have any address; all others must have public ones only. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Resolves names; tests pass their own. */
  readonly lookup?: LookupFunction;
}

export interface OutsideRequest {
  /** https only. */
  readonly url: string;
  /** Whom to trust (PEM) instead of the usual authorities. */
  readonly ca?: string | undefined;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

/**
 * Fetches text from a place that an operator's data names, on our own behalf: so it could be made to reach what
 * only we can reach. Every address of the name is checked where the connection is made, and connected to as
 * checked, so that a second answer of the name server changes nothing; a redirect is not followed.
 */
export function fetchOutside(rule: OutsideRule, outside: OutsideRequest): Promise<string> {
  const url = new URL(outside.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = rule.allowedHosts.has(host);
  if (url.protocol !== 'https:') return Promise.reject(new Error('only https is fetched'));
  // Without a name there is nothing to look up, so Node asks no lookup function.
  if (isIP(host) !== 0 && !isAllowed && !isPublicAddress(host)) return Promise.reject(refusedAddress());

  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent: false,
        lookup: isAllowed ? (rule.lookup ?? systemLookup) : checkedLookup(rule.lookup ?? systemLookup),
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(outside.deadlineMs),
        ...(outside.ca === undefined ? {} : { ca: outside.ca }),
      },
      response => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > outside.maxBytes) response.destroy(new Error('the answer is too large'));
        });
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        if (response.statusCode !== 200)
          response.destroy(new Error('the answer has another status than 200'));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const refusedAddress = () => new Error('the address is not a public one');

/** One address that is not public spoils the name: the others may only be there to pass a check. */
const checkedLookup =
  (lookup: LookupFunction): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const found = Array.isArray(addresses) ? addresses : [];
      const [first] = found;
      if (error !== null || first === undefined) callback(error ?? new Error('the name has no address'), []);
      else if (!found.every(({ address }) => isPublicAddress(address))) callback(refusedAddress(), []);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
