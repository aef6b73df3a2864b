import type { Caller } from '@strongroom/contracts/caller';

/** What accounts live on: a host, or a target domain, which is a directory. */
export const SYSTEM_KINDS = ['host', 'domain'] as const;
export type SystemKind = (typeof SYSTEM_KINDS)[number];

/** An account on one of them. It is known by its name there. */
export interface AccountKey {
  readonly system: SystemKind;
  readonly systemId: string;
  readonly account: string;
}

export const hostAccount = (hostId: string, account: string): AccountKey => ({
  system: 'host',
  systemId: hostId,
  account,
});

export const domainAccount = (domainId: string, account: string): AccountKey => ({
  system: 'domain',
  systemId: domainId,
  account,
});

/** The key alone, of anything that has one. */
export const keyOf = ({ system, systemId, account }: AccountKey): AccountKey => ({
  system,
  systemId,
  account,
});

/** As events name an account (libs/contracts). */
export const inEvents = ({ system, systemId, account }: AccountKey) => ({
  ...(system === 'host' ? { hostId: systemId } : { targetDomainId: systemId }),
  account,
});

/** As audit records do. */
export const onRecord = ({ system, systemId, account }: AccountKey) => ({
  ...(system === 'host' ? { hostID: systemId } : { targetDomainID: systemId }),
  account,
});

/** Who looks after accounts: sees who has which, takes them away, and has their passwords changed. */
const LOOKED_AFTER_BY = { host: 'hosts-manage', domain: 'target-domains-manage' } as const;

export const mayLookAfter = ({ permissions }: Pick<Caller, 'permissions'>, system: SystemKind): boolean =>
  permissions.has(LOOKED_AFTER_BY[system]);

/** The first part of paths and of names in vault. */
export const PLACES = { host: 'hosts', domain: 'domains' } as const satisfies Record<SystemKind, string>;

/** How checkouts name an account: the account may hold any character, the path only what needs no encoding. */
export const accountPath = ({ system, systemId, account }: AccountKey): string =>
  `${PLACES[system]}/${systemId}/${encodeURIComponent(account)}`;

const PATH = /^(hosts|domains)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([^/]+)$/;

/** Undefined: the path names no account. There is one spelling of each, so that check and use see the same. */
export function parseAccountPath(path: string): AccountKey | undefined {
  const [, place, systemId, encoded] = PATH.exec(path) ?? [];
  if (systemId === undefined || encoded === undefined) return undefined;
  const account = decoded(encoded);
  if (account === undefined) return undefined;
  const key: AccountKey = { system: place === 'hosts' ? 'host' : 'domain', systemId, account };
  return accountPath(key) === path ? key : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
