import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { hostSecretOf, rotatedAccounts } from '../domain/host-secret.ts';
import { ENABLED, whitelistReferences, type Host, type HostDocument } from '../domain/host.ts';
import { settlePassphrases, type Settled } from '../domain/passphrases.ts';
import { forgetTrustedKey } from '../store/host-keys.ts';
import { insertHost, updateHost } from '../store/hosts.ts';
import { holdWhitelists } from '../store/whitelists.ts';
import type { By } from '@strongroom/audit/change-on-record';
import { openPassphrases, sealPassphrases } from './host-passphrases.ts';
import { keepHostSecret, removeHostSecret } from './keep-host-secret.ts';

export interface HostInput {
  /** With passphrases in clear, or masked where they stay. */
  readonly document: HostDocument;
  /** Absent: as it is; a new host is enabled. */
  readonly disabled: string | undefined;
  /** Absent: as it is; a new host is not. */
  readonly deployable: boolean | undefined;
}

/** Stores a host whole, with its host secret and accounts. `before` is locked; absent: the host is new. */
export async function writeHost(
  ctx: SecretsManagerContext,
  tx: Transaction,
  by: By,
  id: string,
  { document: given, disabled, deployable }: HostInput,
  before?: Host,
): Promise<void> {
  const settled = settlePassphrases(given.principals ?? [], before && (await settledBefore(ctx, before)));
  const document: HostDocument = { ...given, principals: settled.principals };
  const secret = hostSecretOf(document);
  await requireKnownWhitelists(tx, document);
  const now = ctx.now();
  const host = {
    id,
    document,
    sealedPassphrases: sealPassphrases(ctx.keyring, id, settled.passphrases),
    disabled: disabled ?? before?.disabled ?? ENABLED,
    deployable: deployable ?? before?.deployable ?? false,
    updatedAt: now,
    updatedBy: by.caller.id,
  };
  if (before === undefined) await insertHost(tx, { ...host, createdAt: now, createdBy: by.caller.id });
  else await updateHost(tx, host);
  if (!isDeepStrictEqual(keysOf(document), keysOf(before?.document))) await forgetTrustedKey(tx, id);
  if (secret !== undefined) {
    await keepHostSecret(ctx, tx, by, id, {
      settings: secret,
      at: 'password_rotation.',
      accounts: rotatedAccounts(document, settled.passphrases),
    });
  } else if (before !== undefined) {
    await removeHostSecret(tx, id);
  }
}

const keysOf = (document: HostDocument | undefined) => document?.ssh_host_public_keys ?? [];

const settledBefore = async (ctx: SecretsManagerContext, host: Host): Promise<Settled> => ({
  principals: host.document.principals ?? [],
  passphrases: await openPassphrases(ctx.keyring, host),
});

async function requireKnownWhitelists(tx: Transaction, document: HostDocument): Promise<void> {
  const references = whitelistReferences(document);
  if (references.length === 0) return;
  const known = await holdWhitelists(
    tx,
    references.map(({ id }) => id),
  );
  const unknown = references.find(({ id }) => !known.has(id));
  if (unknown !== undefined) throw invalidField(unknown.property, 'No whitelist has this id');
}
