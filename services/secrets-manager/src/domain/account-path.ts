/** An account on a host. It has no id of its own. */
export interface AccountKey {
  readonly hostId: string;
  readonly account: string;
}

/** How checkouts name an account: the account may hold any character, the path only what needs no encoding. */
export const accountPath = ({ hostId, account }: AccountKey): string =>
  `hosts/${hostId}/${encodeURIComponent(account)}`;

const PATH = /^hosts\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([^/]+)$/;

/** Undefined: the path names no account. There is one spelling of each, so that check and use see the same. */
export function parseAccountPath(path: string): AccountKey | undefined {
  const [, hostId, encoded] = PATH.exec(path) ?? [];
  if (hostId === undefined || encoded === undefined) return undefined;
  const account = decoded(encoded);
  if (account === undefined || accountPath({ hostId, account }) !== path) return undefined;
  return { hostId, account };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
