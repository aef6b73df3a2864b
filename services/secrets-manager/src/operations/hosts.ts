import { findUnknownRole } from '@strongroom/auth-client/role-directory';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { hostNotFound } from '../domain/errors.ts';
import { DISABLED_BY_ADMIN, ENABLED, roleReferences, type Host, type HostDocument } from '../domain/host.ts';
import { deleteHost as deleteRow, findHost, lockHost, updateHost as updateRow } from '../store/hosts.ts';
import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { requireSettled } from './require-settled.ts';
import { writeHost, type HostInput } from './write-host.ts';

export async function createHost(ctx: SecretsManagerContext, by: By, input: HostInput): Promise<string> {
  await requireKnownRoles(ctx, input.document);
  const id = ctx.newId();
  await changeSealedOnRecord(ctx, by, async tx => {
    await writeHost(ctx, tx, by, id, input);
    return { type: AUDIT_EVENTS.hostAdded, message: told({ id, document: input.document }) };
  });
  return id;
}

/** Replaces the host by what the body says. */
export async function updateHost(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  input: HostInput,
): Promise<void> {
  const known = await findHost(ctx.db, id);
  if (known === undefined) throw hostNotFound();
  await requireKnownRoles(ctx, input.document, known.document);
  await changeSealedOnRecord(ctx, by, async tx => {
    const before = await lockHost(tx, id);
    if (before === undefined) throw hostNotFound();
    await writeHost(ctx, tx, by, id, input, before);
    return { type: AUDIT_EVENTS.hostModified, message: told({ id, document: input.document }) };
  });
}

export async function deleteHost(ctx: SecretsManagerContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const host = await lockHost(tx, id);
    if (host === undefined) throw hostNotFound();
    await requireSettled(tx, id);
    await deleteRow(tx, id);
    return { type: AUDIT_EVENTS.hostRemoved, message: told(host) };
  });
}

export async function setHostDisabled(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  isDisabled: boolean,
): Promise<void> {
  const type = isDisabled ? AUDIT_EVENTS.hostDisabled : AUDIT_EVENTS.hostEnabled;
  await changeState(ctx, by, id, type, { disabled: isDisabled ? DISABLED_BY_ADMIN : ENABLED });
}

export async function setHostDeployable(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  deployable: boolean,
): Promise<void> {
  const type = deployable ? AUDIT_EVENTS.hostMadeDeployable : AUDIT_EVENTS.hostMadeUndeployable;
  await changeState(ctx, by, id, type, { deployable });
}

async function changeState(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  type: (typeof AUDIT_EVENTS)[keyof typeof AUDIT_EVENTS],
  change: Partial<Pick<Host, 'disabled' | 'deployable'>>,
): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const host = await lockHost(tx, id);
    if (host === undefined) throw hostNotFound();
    await updateRow(tx, { ...host, ...change, updatedAt: ctx.now(), updatedBy: by.caller.id });
    return { type, message: told(host) };
  });
}

/** A role that is on the host already may stay, although it was deleted since. */
export async function requireKnownRoles(
  ctx: Pick<SecretsManagerContext, 'roles'>,
  document: HostDocument,
  before: HostDocument = {},
): Promise<void> {
  const references = roleReferences(document);
  if (references.length === 0) return;
  const kept = roleReferences(before).map(({ id }) => id);
  const unknown =
    references[
      await findUnknownRole(
        ctx.roles,
        references.map(({ id }) => id),
        kept,
      )
    ];
  if (unknown !== undefined) throw invalidField(unknown.property, 'No role has this id');
}

export const told = ({ id, document }: Pick<Host, 'id' | 'document'>) => ({
  hostID: id,
  host: document.common_name ?? '',
});
