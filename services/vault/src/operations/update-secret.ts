import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import type { VaultContext } from '../context.ts';
import { sealContent } from '../domain/content.ts';
import { manageRequired, writeRoleRequired } from '../domain/errors.ts';
import { requireExpected, type Expectation } from '../domain/expectation.ts';
import {
  mayAdminister,
  mayWrite,
  sameRoles,
  type Secret,
  type SecretAddress,
  type SecretData,
} from '../domain/secret.ts';
import { newestVersion } from '../domain/version.ts';
import { insertVersion, updateMetadata } from '../store/write-secrets.ts';
import { checkContent } from './check-content.ts';
import { findKnown, named, parseAddress, refuse } from './find-secret.ts';
import { keepFiles, type KeptContent } from './keep-files.ts';
import type { Remember } from './once.ts';
import { requireKnownRoles } from './role-lists.ts';
import { untilFirst } from './until-first.ts';

/** What is left out stays as it is (docs/adr/0005-secret-semantics.md). */
export interface SecretChange {
  readonly data?: SecretData | undefined;
  readonly readRoles?: readonly string[] | undefined;
  readonly writeRoles?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** null: it follows none any more. */
  readonly schema?: string | null | undefined;
  /** null: it does not expire. */
  readonly expiresAt?: Date | null | undefined;
  readonly maxVersions?: number | undefined;
  readonly deleteVersionAfterSeconds?: number | undefined;
  readonly casRequired?: boolean | undefined;
}

/** Changes a secret. New content is a new version; concurrent writers each get their own. Returns what it is now. */
export async function updateSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  change: SecretChange,
  expected: Expectation,
  remember: Remember<Secret>,
): Promise<Secret> {
  const address = parseAddress(rawAddress);
  return untilFirst(async () => {
    const secret = await findKnown(ctx, caller, request, address);
    return changeSecret(ctx, caller, request, address, secret, change, expected, remember);
  });
}

/** The same, once, on what was found. Undefined: another writer was first. */
export async function changeSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  secret: Secret,
  change: SecretChange,
  expected: Expectation,
  remember: Remember<Secret>,
): Promise<Secret | undefined> {
  if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, address, writeRoleRequired());
  requireExpected(secret, expected);
  const next = applyChange(secret, change, caller, ctx.now());
  await requireRights(ctx, caller, request, address, secret, next);
  await requireSchemaKept(ctx, secret, next, change.data);
  const content = change.data === undefined ? undefined : await keepFiles(ctx, secret.id, change.data);
  const result = { ...next, revision: secret.revision + 1 };
  const answers = remember(result);
  const stored = await ctx.keyring.sealing(() =>
    store(ctx, caller, request, address, secret, next, content, answers),
  );
  if (!stored) return undefined;
  ctx.ring();
  return result;
}

const applyChange = (secret: Secret, change: SecretChange, caller: Caller, now: Date): Secret => ({
  ...secret,
  readRoles: change.readRoles ?? secret.readRoles,
  writeRoles: change.writeRoles ?? secret.writeRoles,
  tags: change.tags ?? secret.tags,
  schema: change.schema === undefined ? secret.schema : (change.schema ?? undefined),
  expiresAt: change.expiresAt === undefined ? secret.expiresAt : (change.expiresAt ?? undefined),
  maxVersions: change.maxVersions ?? secret.maxVersions,
  deleteVersionAfterSeconds: change.deleteVersionAfterSeconds ?? secret.deleteVersionAfterSeconds,
  casRequired: change.casRequired ?? secret.casRequired,
  version: change.data === undefined ? secret.version : secret.version + 1,
  updatedAt: now,
  updatedBy: caller.id,
});

async function requireRights(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  secret: Secret,
  next: Secret,
): Promise<void> {
  if (sameRoles(next, secret)) return;
  // Otherwise a writer could make itself a reader.
  if (!mayAdminister(caller, secret)) {
    return refuse(ctx, caller, request, address, manageRequired('Changing the roles of a secret'));
  }
  await requireKnownRoles(ctx.roles, 'read_roles', next.readRoles, secret.readRoles);
  await requireKnownRoles(ctx.roles, 'write_roles', next.writeRoles, secret.writeRoles);
}

/** Content follows its schema; what is stored already is not opened for it. */
async function requireSchemaKept(
  ctx: VaultContext,
  secret: Secret,
  next: Secret,
  data: SecretData | undefined,
): Promise<void> {
  if (data !== undefined) return checkContent(ctx, next.schema, data);
  if (next.schema !== undefined && next.schema !== secret.schema) {
    throw invalidField(
      'data',
      'A secret that is to follow another schema needs its data stated, too',
      'REQUIRED_VALUE_MISSING',
    );
  }
}

/** False: another writer was first. */
function store(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  seen: Secret,
  next: Secret,
  content: KeptContent | undefined,
  answers: string,
): Promise<boolean> {
  const sealed = content === undefined ? undefined : sealContent(ctx.keyring, next, content.data);
  return ctx.audit.appendWithin(
    events =>
      sealed === undefined
        ? updateMetadata(ctx.db, seen, next, { events, answers })
        : insertVersion(ctx.db, seen, next, newestVersion(next), sealed, content?.fileIds ?? [], {
            events,
            answers,
          }),
    {
      type: AUDIT_EVENTS.secretUpdated,
      caller,
      request,
      message: {
        ...named(address),
        secretID: next.id,
        secretVersion: String(next.version),
        rolesChanged: String(!sameRoles(next, seen)),
      },
    },
  );
}
