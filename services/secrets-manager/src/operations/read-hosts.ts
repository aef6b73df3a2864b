import type { SecretsManagerContext } from '../context.ts';
import { hostNotFound } from '../domain/errors.ts';
import type { Account, HostSecret } from '../domain/host-secret.ts';
import { roleReferences, whitelistReferences, type Host } from '../domain/host.ts';
import { findAccounts, findHostSecrets } from '../store/host-secrets.ts';
import { findHost } from '../store/hosts.ts';
import { whitelistNames } from '../store/whitelists.ts';

/** A host with what is known of it elsewhere. */
export interface ReadableHost {
  readonly host: Host;
  readonly secret: HostSecret | undefined;
  readonly accounts: readonly Account[];
  readonly names: Names;
}

export interface Names {
  readonly roles: ReadonlyMap<string, string>;
  readonly whitelists: ReadonlyMap<string, string>;
}

export async function readHost(ctx: SecretsManagerContext, id: string): Promise<ReadableHost> {
  const host = await findHost(ctx.db, id);
  if (host === undefined) throw hostNotFound();
  return readable(ctx, host);
}

export async function readable(ctx: SecretsManagerContext, host: Host): Promise<ReadableHost> {
  const [read] = await readableHosts(ctx, [host]);
  if (read === undefined) throw hostNotFound();
  return read;
}

/** Asks for each kind of thing once, however many hosts there are, and for none that no host has. */
export async function readableHosts(
  ctx: SecretsManagerContext,
  hosts: readonly Host[],
): Promise<ReadableHost[]> {
  const rotated = hosts.filter(({ document }) => document.password_rotation_enabled === true);
  const ids = rotated.map(({ id }) => id);
  const whitelistIds = hosts.flatMap(({ document }) => whitelistReferences(document).map(({ id }) => id));
  const hasRoles = hosts.some(({ document }) => roleReferences(document).length > 0);
  const [secrets, accounts, whitelists, roles] = await Promise.all([
    ids.length === 0 ? [] : findHostSecrets(ctx.db, ids),
    ids.length === 0 ? [] : findAccounts(ctx.db, ids),
    whitelistNames(ctx.db, whitelistIds),
    hasRoles ? ctx.roles.names() : new Map<string, string>(),
  ]);
  const secretOf = new Map(secrets.map(secret => [secret.hostId, secret]));
  return hosts.map(host => ({
    host,
    secret: secretOf.get(host.id),
    accounts: accounts.filter(({ hostId }) => hostId === host.id),
    names: { roles, whitelists },
  }));
}
