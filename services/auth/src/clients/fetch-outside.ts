import { lookup as systemLookup } from 'node:dns';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { AddressRefused, checkedLookup, isRefusedLiteral } from '@strongroom/http/checked-lookup';
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
 * only we can reach. Every address is checked; a redirect is not followed.
 */
export function fetchOutside(rule: OutsideRule, outside: OutsideRequest): Promise<string> {
  const url = new URL(outside.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = rule.allowedHosts.has(host);
  if (url.protocol !== 'https:') return Promise.reject(new Error('only https is fetched'));
  if (!isAllowed && isRefusedLiteral(host, isPublicAddress)) return Promise.reject(new AddressRefused());

  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent: false,
        lookup: isAllowed ? (rule.lookup ?? systemLookup) : checkedLookup(isPublicAddress, rule.lookup),
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
