import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { openContent } from '../domain/content.ts';
import { manageRequired, readRoleRequired, secretNotFound, writeRoleRequired } from '../domain/errors.ts';
import {
  mayAdminister,
  mayRead,
  mayWrite,
  type Secret,
  type SecretAddress,
  type SecretData,
} from '../domain/secret.ts';
import { isReadable, isUndeletable, type Version } from '../domain/version.ts';
import { findSealedVersion } from '../store/find-secrets.ts';
import type { SealedVersion } from '../store/secret-rows.ts';
import { deleteVersions, destroyVersions, findVersions, undeleteVersions } from '../store/versions.ts';
import { updateMetadata } from '../store/write-secrets.ts';
import { findKnown, named, parseAddress, refuse, requireKnown } from './find-secret.ts';
import type { Remember } from './once.ts';
import { untilFirst } from './until-first.ts';

/*
 * Versions of shared secrets (contract 2.7; docs/adr/0027-versioned-secrets.md).
 */

/** A shared secret by its name, or by an address that also says which one is meant. */
type Target = string | SecretAddress;

const sharedAddress = (target: Target): SecretAddress =>
  parseAddress(typeof target === 'string' ? { ownerId: undefined, name: target } : target);

/**
 * Opens a version, the newest one unless told. Of one that is deleted or destroyed there is no `data`, which is on the
 * record as a refusal. Resolves only when the record is durable.
 */
export async function readVersion(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  name: string,
  number: number | undefined,
): Promise<{ version: Version; data: SecretData | undefined }> {
  const address = sharedAddress(name);
  const { secret, sealed } = await findSealed(ctx, caller, request, address, number);
  if (!mayRead(caller, secret)) return refuse(ctx, caller, request, address, readRoleRequired());
  if (sealed === undefined) return refuse(ctx, caller, request, address, secretNotFound());
  const { version, envelope } = sealed;
  const message = { ...named(address), secretID: secret.id, secretVersion: String(version.version) };
  if (envelope === undefined || !isReadable(version, ctx.now())) {
    await ctx.audit.write({
      type: AUDIT_EVENTS.secretAccessDenied,
      caller,
      request,
      message: { ...message, reason: secretNotFound().code },
    });
    return { version, data: undefined };
  }
  const data = await openContent(ctx.keyring, { id: secret.id, version: version.version }, envelope);
  await ctx.audit.write({ type: AUDIT_EVENTS.secretRead, caller, request, message });
  return { version, data };
}

async function findSealed(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  number: number | undefined,
): Promise<{ secret: Secret; sealed: SealedVersion | undefined }> {
  if (number === undefined) {
    const found = await ctx.secrets.findSealed(address);
    const sealed = await requireKnown(ctx, caller, request, address, found);
    return { secret: sealed.secret, sealed };
  }
  const secret = await findKnown(ctx, caller, request, address);
  return { secret, sealed: await findSealedVersion(ctx.db, secret.id, number) };
}

/** A secret and the versions that it has, the oldest first. */
export interface VersionedSecret {
  readonly secret: Secret;
  readonly versions: readonly Version[];
}

/** What is known of the versions; for readers, writers and managers alike. */
export async function listVersions(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  target: Target,
): Promise<VersionedSecret> {
  const address = sharedAddress(target);
  const found = await findVersions(ctx.db, address.name);
  const { secret, versions } = await requireKnown(ctx, caller, request, address, found);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretMetadataRead,
    caller,
    request,
    message: { ...named(address), secretID: secret.id },
  });
  return { secret, versions };
}

export type Versioning = Pick<Secret, 'maxVersions' | 'deleteVersionAfterSeconds' | 'casRequired'>;

/** Changes how versions are kept; those beyond a lower `maxVersions` are dropped at once. What is left out stays. */
export async function changeVersioning(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  name: string,
  change: Partial<Versioning>,
  remember: Remember<VersionedSecret>,
): Promise<VersionedSecret> {
  const address = sharedAddress(name);
  const result = await untilFirst(async () => {
    const found = await findVersions(ctx.db, address.name);
    const { secret, versions } = await requireKnown(ctx, caller, request, address, found);
    if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, address, writeRoleRequired());
    const next: Secret = { ...secret, ...change, updatedAt: ctx.now(), updatedBy: caller.id };
    const kept = versions.filter(({ version }) => version > next.version - next.maxVersions);
    const changed = { secret: { ...next, revision: secret.revision + 1 }, versions: kept };
    const answers = remember(changed);
    const stored = await ctx.audit.appendWithin(
      events => updateMetadata(ctx.db, secret, next, { events, answers }),
      {
        type: AUDIT_EVENTS.versioningModified,
        caller,
        request,
        message: {
          ...named(address),
          secretID: secret.id,
          maxVersions: String(next.maxVersions),
          deleteVersionAfterSeconds: String(next.deleteVersionAfterSeconds),
          casRequired: String(next.casRequired),
          droppedVersions: String(versions.length - kept.length),
        },
      },
    );
    return stored && changed;
  });
  ctx.ring();
  return result;
}

/** What can be done to versions: who may, to which it makes a difference, and how it is stored and recorded. */
const ACTS = {
  delete: {
    may: mayWrite,
    refusal: writeRoleRequired,
    concerns: isReadable,
    store: deleteVersions,
    event: AUDIT_EVENTS.versionsDeleted,
  },
  undelete: {
    may: mayWrite,
    refusal: writeRoleRequired,
    concerns: isUndeletable,
    store: undeleteVersions,
    event: AUDIT_EVENTS.versionsUndeleted,
  },
  destroy: {
    may: mayAdminister,
    refusal: () => manageRequired('Destroying versions of a secret'),
    concerns: (version: Version) => !version.destroyed,
    store: destroyVersions,
    event: AUDIT_EVENTS.versionsDestroyed,
  },
};

export type VersionAct = keyof typeof ACTS;

/** Does it to those of the versions to which it makes a difference; others, and those that are not there, stay. */
export async function changeVersions(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  target: Target,
  act: VersionAct,
  wanted: readonly number[] | 'newest',
  remember: Remember<Secret>,
): Promise<Secret> {
  const { may, refusal, concerns, store, event } = ACTS[act];
  const address = sharedAddress(target);
  const result = await untilFirst(async () => {
    const found = await findVersions(ctx.db, address.name);
    const { secret, versions } = await requireKnown(ctx, caller, request, address, found);
    if (!may(caller, secret)) return refuse(ctx, caller, request, address, refusal());
    const now = ctx.now();
    const chosen = wanted === 'newest' ? [secret.version] : wanted;
    const changed = versions
      .filter(version => chosen.includes(version.version) && concerns(version, now))
      .map(({ version }) => version);
    const by = { updatedAt: now, updatedBy: caller.id };
    const next = { ...secret, ...by, revision: secret.revision + 1 };
    const answers = remember(next);
    const stored = await ctx.audit.appendWithin(
      events => store(ctx.db, secret, changed, by, { events, answers }),
      {
        type: event,
        caller,
        request,
        message: { ...named(address), secretID: secret.id, secretVersions: changed.join(' ') },
      },
    );
    return stored && next;
  });
  ctx.ring();
  return result;
}
