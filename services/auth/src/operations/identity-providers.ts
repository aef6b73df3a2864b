import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import {
  identityProviderAmbiguous,
  identityProviderGuard,
  identityProviderNotFound,
} from '../domain/errors.ts';
import { lacksPermissionOf } from '../domain/escalation.ts';
import {
  checkIdentityProvider,
  type IdentityProvider,
  type IdentityProviderDocument,
} from '../domain/identity-provider.ts';
import { madeBy } from '../domain/stamps.ts';
import { findGrantablePermissions } from '../store/external-subjects.ts';
import {
  deleteIdentityProvider as deleteRow,
  findEnabledProviders,
  findIdentityProvider,
  insertIdentityProvider,
  lockIdentityProviders,
  updateIdentityProvider as updateRow,
} from '../store/identity-providers.ts';
import { findSourceIds } from '../store/sources.ts';
import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';

export interface IdentityProviderInput {
  name: string;
  issuer: string;
  /** Absent: as it is; a new one is enabled. */
  isEnabled: boolean | undefined;
  document: IdentityProviderDocument;
}

export async function createIdentityProvider(
  ctx: AuthContext,
  by: By,
  { name, issuer, isEnabled = true, document }: IdentityProviderInput,
): Promise<string> {
  checkIdentityProvider(document);
  const id = ctx.newId();
  const provider = { id, name, issuer, isEnabled, document, ...madeBy(by.caller.id, ctx.now()) };
  await changeOnRecord(ctx, by, async tx => {
    await admit(tx, by.caller, provider);
    await insertIdentityProvider(tx, provider);
    return { type: AUDIT_EVENTS.identityProviderAdded, message: told(provider) };
  });
  return id;
}

/** Replaces the provider by what the body says. */
export async function updateIdentityProvider(
  ctx: AuthContext,
  by: By,
  id: string,
  input: IdentityProviderInput,
): Promise<void> {
  checkIdentityProvider(input.document);
  await changeOnRecord(ctx, by, async tx => {
    await lockIdentityProviders(tx);
    const provider = await findIdentityProvider(tx, id);
    if (provider === undefined) throw identityProviderNotFound();
    const isEnabled = input.isEnabled ?? provider.isEnabled;
    const next: IdentityProvider = {
      ...provider,
      ...input,
      isEnabled,
      updatedAt: ctx.now(),
      updatedBy: by.caller.id,
    };
    await admit(tx, by.caller, next);
    await updateRow(tx, next);
    return { type: AUDIT_EVENTS.identityProviderModified, message: told(next) };
  });
}

export async function deleteIdentityProvider(ctx: AuthContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const name = await deleteRow(tx, id);
    if (name === undefined) throw identityProviderNotFound();
    return { type: AUDIT_EVENTS.identityProviderRemoved, message: told({ id, name }) };
  });
}

/**
 * Whoever holds the provider's key signs in as anybody of its directory, now and later. So nobody may set one up
 * who could not do all that anybody can.
 */
async function admit(tx: Queryable, caller: Caller, provider: IdentityProvider): Promise<void> {
  await lockIdentityProviders(tx);
  const grantable = await findGrantablePermissions(tx);
  if (lacksPermissionOf(caller, grantable)) throw identityProviderGuard();
  const { users_directory: directory, jwt_audience: audience } = provider.document;
  if (!(await findSourceIds(tx, [directory])).has(directory)) {
    throw invalidField('users_directory', 'No source has this id');
  }
  if (!provider.isEnabled) return;
  const others = await findEnabledProviders(tx, provider.issuer);
  if (others.some(other => other.id !== provider.id && other.document.jwt_audience === audience)) {
    throw identityProviderAmbiguous();
  }
}

const told = ({ id, name }: Pick<IdentityProvider, 'id' | 'name'>) => ({
  identityProviderID: id,
  identityProvider: name,
});
