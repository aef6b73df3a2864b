import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { invalidField } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { localSource, sourceInUse, sourceNotFound } from '../domain/errors.ts';
import { openSecret, sealSecret } from '../domain/sealed-secret.ts';
import { isBoundedConnection, LOCAL_CONNECTION, type Connection, type Source } from '../domain/source.ts';
import { madeBy } from '../domain/stamps.ts';
import {
  deleteSource as deleteRow,
  findSource,
  findSourceIds,
  hasPeople,
  insertSource,
  listSources as listRows,
  lockSource,
  updateSource as updateRow,
} from '../store/sources.ts';
import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { endSessions } from './effects-at-once.ts';

export interface SourceInput {
  name: string;
  /** Absent: as it is; a new one is enabled. */
  isEnabled: boolean | undefined;
  document: Source['document'];
  /** Absent: as it is; a new one has none. */
  connection: Connection | undefined;
}

/** A source with its connection in clear, or of it only the type for those who may not change it. */
export interface ReadableSource {
  source: Source;
  connection: Connection;
}

const COLUMN = { table: 'sources', field: 'connection' } as const;

export async function createSource(ctx: AuthContext, by: By, input: SourceInput): Promise<string> {
  const id = ctx.newId();
  await changeSealedOnRecord(ctx, by, async tx => {
    const sealedConnection = sealConnection(ctx, id, input.connection ?? {});
    const { name, isEnabled = true, document } = input;
    const stamps = madeBy(by.caller.id, ctx.now());
    await insertSource(tx, { id, name, isLocal: false, isEnabled, document, sealedConnection, ...stamps });
    return { type: AUDIT_EVENTS.directoryAdded, message: { sourceID: id, source: name } };
  });
  return id;
}

/** Replaces the source by what the body says. Disabling one ends the sessions of its people. */
export async function updateSource(ctx: AuthContext, by: By, id: string, input: SourceInput): Promise<void> {
  await changeSealedOnRecord(ctx, by, async tx => {
    const sealed = input.connection && sealConnection(ctx, id, input.connection);
    const source = await lockSource(tx, id);
    if (source === undefined) throw sourceNotFound();
    if (source.isLocal && !leavesLocal(source, input)) throw localSource();
    const { name, isEnabled = source.isEnabled, document } = input;
    const sealedConnection = source.isLocal ? null : (sealed ?? source.sealedConnection);
    const stamps = { updatedAt: ctx.now(), updatedBy: by.caller.id };
    await updateRow(tx, { ...source, name, isEnabled, document, sealedConnection, ...stamps });
    if (source.isEnabled && !isEnabled) await endSessions(ctx, tx, { sourceId: id });
    return { type: AUDIT_EVENTS.directoryModified, message: { sourceID: id, source: name } };
  });
}

/** What nobody may change of local users: it would lock people out, or make another source theirs. */
function leavesLocal(source: Source, { name, isEnabled, connection }: SourceInput): boolean {
  const type = connection?.['type'] ?? '';
  return name === source.name && isEnabled !== false && (type === '' || type === LOCAL_CONNECTION['type']);
}

export async function deleteSource(ctx: AuthContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const source = await lockSource(tx, id);
    if (source === undefined) throw sourceNotFound();
    if (source.isLocal) throw localSource();
    if (await hasPeople(tx, id)) throw sourceInUse();
    await deleteRow(tx, id);
    return { type: AUDIT_EVENTS.directoryRemoved, message: { sourceID: id, source: source.name } };
  });
}

export async function readSource(ctx: AuthContext, by: By, id: string): Promise<ReadableSource> {
  const source = await findSource(ctx.db, id);
  if (source === undefined) throw sourceNotFound();
  const [readable] = await openConnections(ctx, by, [source]);
  if (readable === undefined) throw sourceNotFound();
  return readable;
}

export async function listSources(
  ctx: AuthContext,
  by: By,
  page: { offset: number; limit: number },
): Promise<{ count: number; sources: ReadableSource[] }> {
  const { count, sources } = await listRows(ctx.db, page);
  return { count, sources: await openConnections(ctx, by, sources) };
}

/** Sources are not imported from, so there is nothing to fetch anew; ids are checked all the same. */
export async function refreshSources(ctx: Pick<AuthContext, 'db'>, ids: readonly string[]): Promise<void> {
  const known = await findSourceIds(ctx.db, ids);
  const unknown = ids.findIndex(id => !known.has(id));
  if (unknown !== -1) throw invalidField(String(unknown), 'No source has this id');
}

function sealConnection(ctx: AuthContext, id: string, connection: Connection): Buffer {
  if (!isBoundedConnection(connection)) {
    throw invalidField('connection', 'connection is too large or nested too deep', 'VALUE_OUT_OF_BOUNDS');
  }
  return sealSecret(ctx.keyring, COLUMN, id, JSON.stringify(connection));
}

/** The record of the reading is durable before any connection is opened. */
async function openConnections(
  ctx: AuthContext,
  { caller, request }: By,
  sources: readonly Source[],
): Promise<ReadableSource[]> {
  const seesSecrets = caller.permissions.has('sources-manage');
  const sealed = sources.filter(source => source.sealedConnection !== null);
  if (seesSecrets && sealed.length > 0) {
    const message = { sourceIDs: sealed.map(source => source.id).join(' ') };
    await ctx.audit.write({ type: AUDIT_EVENTS.directoryRead, caller, request, message });
  }
  return Promise.all(
    sources.map(async source => {
      const connection = await openConnection(ctx, source);
      return { source, connection: seesSecrets ? connection : { type: connection['type'] ?? '' } };
    }),
  );
}

async function openConnection(ctx: AuthContext, { id, sealedConnection }: Source): Promise<Connection> {
  if (sealedConnection === null) return LOCAL_CONNECTION;
  return JSON.parse(await openSecret(ctx.keyring, COLUMN, id, sealedConnection)) as Connection;
}
