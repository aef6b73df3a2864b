import { canonicalName } from '@strongroom/schema/text';

/** Our own users, as clients of Secret Server call them; none stated means the same. */
const LOCAL_DOMAINS = new Set(['', 'local']);

/**
 * The user name of what a client of Secret Server sends: alone, with a domain beside it, or as `domain\user`.
 * Undefined: of a domain that is not ours.
 */
export function localAccountName(username: string, domain: string): string | undefined {
  const backslash = username.indexOf('\\');
  const stated = [domain, backslash < 0 ? '' : username.slice(0, backslash)];
  if (!stated.every(one => LOCAL_DOMAINS.has(canonicalName(one)))) return undefined;
  return username.slice(backslash + 1);
}

/**
 * Some clients send forms as they are, some encode them, and nothing tells which: a plus sign that was not encoded
 * arrives as a blank (contract secret-server.md 1.2, 10).
 */
export const passwordReadings = (password: string): readonly string[] =>
  password.includes(' ') ? [password, password.replaceAll(' ', '+')] : [password];
