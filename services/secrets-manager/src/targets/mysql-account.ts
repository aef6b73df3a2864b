import { requireName } from './acceptable.ts';

/** Both servers know accounts by a user and where it comes from. */
export interface MysqlAccount {
  readonly user: string;
  readonly host: string;
}

/** `user@host`; the last `@` divides, and without one the account is `user@%`. */
export function parseMysqlAccount(account: string): MysqlAccount {
  const at = account.lastIndexOf('@');
  const [user, host] = at === -1 ? [account, '%'] : [account.slice(0, at), account.slice(at + 1)];
  requireName(user, 320);
  requireName(host, 255);
  return { user, host: host.toLowerCase() };
}

/** A literal where `NO_BACKSLASH_ESCAPES` is set: nothing is special but the quote itself. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const quoteAccount = ({ user, host }: MysqlAccount): string =>
  `${quoteLiteral(user)}@${quoteLiteral(host)}`;
