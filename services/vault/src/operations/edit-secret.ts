import type { Act } from '@strongroom/audit/audit';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { VaultContext } from '../context.ts';
import { openContent, sealContent } from '../domain/content.ts';
import {
  manageRequired,
  readRoleRequired,
  secretExists,
  secretNotFound,
  uploadLost,
  writeRoleRequired,
} from '../domain/errors.ts';
import { requireExpected, NOTHING_EXPECTED } from '../domain/expectation.ts';
import { fileIdsIn } from '../domain/file.ts';
import { folderPathOf } from '../domain/folder.ts';
import { requireSchema, type Schema } from '../domain/schema.ts';
import {
  mayAdminister,
  mayRead,
  mayWrite,
  type Secret,
  type SecretAddress,
  type SecretData,
} from '../domain/secret.ts';
import { isReadable, newestVersion } from '../domain/version.ts';
import { describeFile } from '../store/files.ts';
import { findFolderByPath } from '../store/folders.ts';
import { insertVersion, moveSecret } from '../store/write-secrets.ts';
import { allOrNothing } from './all-or-nothing.ts';
import { named, parseAddress, refuse, requireKnown } from './find-secret.ts';
import { describeFiles } from './keep-files.ts';
import { makeFolders } from './make-folders.ts';
import { schemaOf } from './read-schema.ts';
import { storedMessage } from './store-file.ts';
import { untilFirst } from './until-first.ts';
import { ended, type Upload } from './upload-file.ts';

/** A change that is stated against what the secret is, for dialects whose clients send back what they read. */
export interface SecretEdit {
  /** The content after it; the very same object: nothing of it changes, and no version is written. */
  readonly rewrite: (data: SecretData, secret: Secret, schema: Schema | undefined) => SecretData;
  /** The name after it. */
  readonly rename: (secret: Secret) => string;
  /** A file that was uploaded into this very secret, and that the content after it names. */
  readonly upload?: Upload | undefined;
  /** Whether the caller is to be shown what it came to, so that it must be one who may read. */
  readonly shown: boolean;
  /** What the caller says of it, for the record. */
  readonly told: Readonly<Record<string, string>>;
}

/** Content and name change together or not at all. Writes nothing when nothing changes. Returns what the secret is now. */
export async function editSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  edit: SecretEdit,
): Promise<Secret> {
  const address = parseAddress(rawAddress);
  return untilFirst(async () => {
    const found = await ctx.secrets.findSealed(address);
    const { secret, version, envelope } = await requireKnown(ctx, caller, request, address, found);
    if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, address, writeRoleRequired());
    if (edit.shown && !mayRead(caller, secret)) {
      return refuse(ctx, caller, request, address, readRoleRequired());
    }
    // Another one of the same name has come since the upload began.
    if (edit.upload !== undefined && edit.upload.secretId !== secret.id) throw uploadLost();
    requireExpected(secret, NOTHING_EXPECTED);
    if (envelope === undefined || !isReadable(version, ctx.now())) {
      return refuse(ctx, caller, request, address, secretNotFound());
    }
    const schema = await schemaOf(ctx, secret);
    const before = await openContent(ctx.keyring, secret, envelope);
    const data = edit.rewrite(before, secret, schema);
    const target = parseAddress({ ...address, name: edit.rename(secret) });
    const moves = target.name !== secret.name;
    if (data === before && !moves) return secret;
    if (data !== before && schema !== undefined) requireSchema(schema, data);
    if (moves) await requireMayMove(ctx, caller, request, secret, address, target);
    return store(ctx, caller, request, secret, data === before ? undefined : data, target.name, edit);
  });
}

async function requireMayMove(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  secret: Secret,
  address: SecretAddress,
  target: SecretAddress,
): Promise<void> {
  if (!mayAdminister(caller, secret)) {
    return refuse(ctx, caller, request, address, manageRequired('Moving a secret'));
  }
  if ((await ctx.secrets.find(target)) !== undefined) {
    return refuse(ctx, caller, request, target, secretExists());
  }
  const folderPath = folderPathOf(target.name);
  if (folderPath !== undefined && (await findFolderByPath(ctx.db, folderPath)) === undefined) {
    await makeFolders(ctx, caller, request, folderPath);
  }
}

/** False: another writer was first. */
async function store(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  secret: Secret,
  data: SecretData | undefined,
  name: string,
  { told, upload }: SecretEdit,
): Promise<Secret | false> {
  const by = { updatedAt: ctx.now(), updatedBy: caller.id };
  const written: Secret = { ...secret, ...by, version: secret.version + (data === undefined ? 0 : 1) };
  const afterWrite = secret.revision + (data === undefined ? 0 : 1);
  const moved: Secret = { ...written, name, revision: afterWrite + 1 };
  const kept =
    data === undefined
      ? []
      : [...(await describeFiles(ctx, secret.id, [...fileIdsIn(data).values()])).keys()];
  const end = upload === undefined ? undefined : ended(upload);
  const fileIds = upload === undefined ? kept : [...kept, upload.file.id];
  const secretVersion = String(written.version);
  const act = (type: Act['type'], more: Record<string, string>): Act => ({
    type,
    caller,
    request,
    message: { ...named(secret), secretID: secret.id, ...more, ...told },
  });
  const acts = [
    ...(data === undefined
      ? []
      : [act(AUDIT_EVENTS.secretUpdated, { secretVersion, rolesChanged: 'false' })]),
    ...(upload === undefined
      ? []
      : [act(AUDIT_EVENTS.fileStored, { secretVersion, ...storedMessage(upload) })]),
    ...(name === secret.name ? [] : [act(AUDIT_EVENTS.secretMoved, { newSecret: name })]),
  ];
  const stored = await ctx.keyring.sealing(() => {
    const sealed = data === undefined ? undefined : sealContent(ctx.keyring, written, data);
    const write = (events: readonly CloudEvent[]) =>
      allOrNothing(ctx.db, async tx => {
        let facts = { events, answers: '[]' };
        if (sealed !== undefined) {
          const version = newestVersion(written);
          if (!(await insertVersion(tx, secret, written, version, sealed, fileIds, facts))) return false;
          // They are told once, by whichever statement is first.
          facts = { events: [], answers: '[]' };
        }
        if (end !== undefined && !(await describeFile(tx, end.fileId, end.description))) throw uploadLost();
        return name === secret.name || moveSecret(tx, moved, folderPathOf(name), facts);
      });
    return ctx.audit.appendWithin(write, ...acts);
  });
  if (!stored) return false;
  ctx.ring();
  return name === secret.name ? { ...written, revision: afterWrite } : moved;
}
