import { BlockList, isIP } from 'node:net';

/** What an identity provider demands of a claim beside the registered ones (contract 4.6). */
export interface CustomAttribute {
  readonly field_name: string;
  readonly type: (typeof CUSTOM_ATTRIBUTE_TYPES)[number];
  readonly expected_value?: string | null;
  readonly start?: string | null;
  readonly end?: string | null;
}

/** The words of PrivX's own pages. */
export const CUSTOM_ATTRIBUTE_TYPES = ['string_pattern', 'numeric_range', 'ip_range', 'ip_client'] as const;

/** Whether one value of the claim is as demanded; `clientAddress` is where the request comes from. */
export type ClaimRule = (value: unknown, clientAddress: string) => boolean;

/** Undefined: the attribute makes no sense, such as a range that ends before it starts. */
export function claimRule(attribute: CustomAttribute): ClaimRule | undefined {
  const expected = attribute.expected_value ?? '';
  const start = attribute.start ?? '';
  const end = attribute.end ?? '';
  switch (attribute.type) {
    case 'string_pattern':
      return expected === '' ? undefined : value => typeof value === 'string' && matchesGlob(expected, value);
    case 'numeric_range': {
      const [low, high] = [toNumber(start), toNumber(end)];
      if (low === undefined || high === undefined || low > high) return undefined;
      return value => {
        const number = toNumber(value);
        return number !== undefined && low <= number && number <= high;
      };
    }
    case 'ip_range': {
      const range = addressRange(start, end);
      return range && (value => typeof value === 'string' && holds(range, value));
    }
    case 'ip_client':
      return (value, clientAddress) => {
        const own = typeof value === 'string' ? addressRange(value, value) : undefined;
        return own !== undefined && holds(own, clientAddress);
      };
  }
}

/** A claim that is a list is as demanded when one of its values is, as with `aud`. */
export const satisfies = (rule: ClaimRule, claim: unknown, clientAddress: string): boolean =>
  (Array.isArray(claim) ? (claim as unknown[]) : [claim]).some(value => rule(value, clientAddress));

/**
 * `*` stands for any text, `?` for one character, all else for itself. Greedy with one place to go back to: the
 * time is bounded by the product of both lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [wanted, given] = [Array.from(pattern), Array.from(text)];
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < given.length) {
    if (wanted[p] === '*') {
      star = p++;
      resume = t;
    } else if (wanted[p] === '?' || (p < wanted.length && wanted[p] === given[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  return wanted.slice(p).every(character => character === '*');
}

/** A number, or one in decimal text. Whole numbers that a double cannot hold are not compared. */
function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? undefined : number;
}

const family = (address: string): 'ipv4' | 'ipv6' | undefined =>
  address.includes('%') ? undefined : ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(address)];

function addressRange(start: string, end: string): BlockList | undefined {
  const kind = family(start);
  if (kind === undefined || kind !== family(end)) return undefined;
  const range = new BlockList();
  try {
    range.addRange(start, end, kind);
  } catch {
    // The end lies before the start.
    return undefined;
  }
  return range;
}

function holds(range: BlockList, address: string): boolean {
  const kind = family(address);
  return kind !== undefined && range.check(address, kind);
}
