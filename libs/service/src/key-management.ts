import type { AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { RootKeyNames, RootKeyProvider } from '@strongroom/crypto/root-key';
import { changeRootKey, type RootKeyChange } from '@strongroom/keys/change-root-key';
import { findKeys, type StoredKey } from '@strongroom/keys/key-store';
import { openLiveKeyring, type LiveKeyring } from '@strongroom/keys/live-keyring';
import { startRotationJob } from '@strongroom/keys/rotation-job';
import { findLastRotation, type Rotation } from '@strongroom/keys/rotation-store';
import { countValues, type SealedTable } from '@strongroom/keys/sealed-table';
import { startRotation } from '@strongroom/keys/start-rotation';
import type { Foundations } from './foundations.ts';
import { repeatEvery } from './repeat-every.ts';

/** The audit events by which a service tells of its keys. */
export interface KeyEvents {
  readonly read: AuditEventType;
  readonly rotationStarted: AuditEventType;
  readonly rotationFinished: AuditEventType;
  readonly rootKeyChanged: AuditEventType;
}

export interface KeyManagementOptions {
  rootKeys: RootKeyProvider;
  /** Every kind of rows with sealed values. */
  tables: readonly SealedTable[];
  events: KeyEvents;
  /** How often a replica looks for a rotation that lost its leader. */
  pollMs?: number;
}

export interface KeyStatus {
  readonly keys: readonly (StoredKey & { readonly values: number })[];
  readonly rootKeys: RootKeyNames;
  /** The one that runs, or the last one. */
  readonly rotation: Rotation | undefined;
}

/** The keys of one service: the keyring that its operations use, and what administrators do with it. */
export interface KeyManagement {
  readonly keyring: LiveKeyring;
  status: (caller: Caller, request: RequestInfo) => Promise<KeyStatus>;
  /** Answers the rotation that runs already, if there is one. */
  rotate: (caller: Caller, request: RequestInfo) => Promise<Rotation>;
  changeRootKey: (caller: Caller, request: RequestInfo) => Promise<RootKeyChange>;
  close: () => Promise<void>;
}

/** A replica that neither reads nor writes learns so late of a new key, and forgets so late those that are gone. */
const REFRESH_MS = 10_000;

export async function openKeyManagement(
  foundations: Foundations,
  { rootKeys, tables, events, pollMs }: KeyManagementOptions,
): Promise<KeyManagement> {
  const { db, databaseSettings, config, audit, ring, log, now, newId, metrics } = foundations;
  const { schema } = config;
  const keyring = await openLiveKeyring({ db, schema, rootKeys, now });
  const stopRefreshing = repeatEvery(REFRESH_MS, keyring.refresh, error =>
    log.error('the key-encryption keys could not be read anew; those from before serve on', error),
  );
  const job = startRotationJob({
    db,
    settings: databaseSettings,
    keyring,
    tables,
    now,
    log,
    record: (tx, rotation) =>
      audit.append(tx, {
        type: events.rotationFinished,
        message: { ...named(rotation), rewrapped: String(rotation.rewrapped), valuesUnderOldKey: '0' },
      }),
    onFinished: ring,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  metrics.gauge(
    'strongroom_keys_values_under_old_key',
    'Values that the rotation of keys has not reached yet',
    async () => {
      let sum = 0;
      for (const key of await findKeys(db)) if (!key.isActive) sum += await countValues(db, tables, key.id);
      return sum;
    },
  );

  return {
    keyring,
    async status(caller, request) {
      const stored = await findKeys(db);
      const keys = await Promise.all(
        stored.map(async key => ({ ...key, values: await countValues(db, tables, key.id) })),
      );
      const status = { keys, rootKeys: await rootKeys.names(), rotation: await findLastRotation(db) };
      await audit.write({ type: events.read, caller, request });
      return status;
    },
    async rotate(caller, request) {
      const { rotation, isNew } = await startRotation({
        db,
        schema,
        rootKeys,
        tables,
        newId,
        now,
        startedBy: caller.id,
        record: (tx, started) =>
          audit.append(tx, {
            type: events.rotationStarted,
            caller,
            request,
            message: { ...named(started), values: String(started.total) },
          }),
      });
      // Whoever started it is on the record already; this caller has looked.
      if (!isNew) await audit.write({ type: events.read, caller, request });
      ring();
      await keyring.refresh();
      await job.wake();
      return rotation;
    },
    async changeRootKey(caller, request) {
      const change = await changeRootKey({
        db,
        schema,
        rootKeys,
        record: (tx, { from, to, rewrapped, remaining }) =>
          audit.append(tx, {
            type: events.rootKeyChanged,
            caller,
            request,
            message: {
              fromFingerprint: from.join(' '),
              toFingerprint: to,
              rewrapped: String(rewrapped),
              keysUnderOtherRootKeys: String(remaining),
            },
          }),
      });
      ring();
      return change;
    },
    async close() {
      await job.stop();
      await stopRefreshing();
    },
  };
}

const named = ({ id, fromKey, toKey }: Rotation) => ({
  rotationID: id,
  fromKey: String(fromKey),
  toKey: String(toKey),
});
