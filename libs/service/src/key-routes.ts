import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import type { Rotation } from '@strongroom/keys/rotation-store';
import { Choice, Members, Timestamp, Type, Uuid } from '@strongroom/schema/types';
import type { KeyManagement, KeyStatus } from './key-management.ts';

const Count = Type.Integer({ minimum: 0 });

const RotationView = Members({
  id: Uuid,
  state: Choice('running', 'finished'),
  from_key: Type.Integer(),
  to_key: Type.Integer(),
  started: Timestamp,
  started_by: Type.String(),
  total: Count,
  rewrapped: Count,
  unreadable: Count,
  /** Both only when it is finished. */
  finished: Type.Optional(Timestamp),
  values_under_old_key: Type.Optional(Type.Literal(0)),
});

const KeysView = Members({
  count: Count,
  items: Type.Array(
    Members({
      id: Type.Integer(),
      state: Choice('active', 'retired'),
      created: Timestamp,
      values: Count,
      root_key_fingerprint: Type.String(),
    }),
  ),
  root_key: Members({
    fingerprint: Type.String(),
    new_fingerprint: Type.Optional(Type.String()),
  }),
  rotation: Type.Optional(RotationView),
});

const RootKeyChangeView = Members({
  from_fingerprints: Type.Array(Type.String()),
  to_fingerprint: Type.String(),
  rewrapped: Count,
  keys_under_other_root_keys: Type.Literal(0),
});

/** Key administration, the same under the prefix of each service that keeps sealed values. */
export function keyRoutes(prefix: string, keys: KeyManagement): Route[] {
  const service = prefix.split('/')[1] ?? '';
  // PrivX knows no permission for keys (docs/adr/0024-key-rotation.md).
  const common = { tag: 'keys', access: withPermission('settings-manage') };
  return [
    route({
      ...common,
      method: 'get',
      path: `${prefix}/keys`,
      operationId: `${service}-getKeys`,
      summary: 'Key-encryption keys, the values under each, and the rotation that runs or was the last',
      response: KeysView,
      handle: async ({ caller, request }) => ok(keysView(await keys.status(caller, request))),
    }),
    route({
      ...common,
      method: 'post',
      path: `${prefix}/keys/rotate`,
      operationId: `${service}-rotateKeys`,
      summary: 'Make a new key-encryption key and re-wrap all data keys in the background',
      response: RotationView,
      handle: async ({ caller, request }) => ok(rotationView(await keys.rotate(caller, request))),
    }),
    route({
      ...common,
      method: 'post',
      path: `${prefix}/keys/rotate-root`,
      operationId: `${service}-rotateRootKey`,
      summary: 'Wrap all key-encryption keys by the new root key',
      response: RootKeyChangeView,
      handle: async ({ caller, request }) => {
        const { from, to, rewrapped, remaining } = await keys.changeRootKey(caller, request);
        return ok({
          from_fingerprints: from,
          to_fingerprint: to,
          rewrapped,
          keys_under_other_root_keys: remaining,
        });
      },
    }),
  ];
}

const keysView = ({ keys, rootKeys, rotation }: KeyStatus) => ({
  count: keys.length,
  items: keys.map(key => ({
    id: key.id,
    state: key.isActive ? 'active' : 'retired',
    created: key.createdAt.toISOString(),
    values: key.values,
    root_key_fingerprint: key.rootKeyName,
  })),
  root_key: {
    fingerprint: rootKeys.current,
    ...(rootKeys.next === undefined ? {} : { new_fingerprint: rootKeys.next }),
  },
  ...(rotation === undefined ? {} : { rotation: rotationView(rotation) }),
});

const rotationView = (rotation: Rotation) => ({
  id: rotation.id,
  state: rotation.finishedAt === undefined ? 'running' : 'finished',
  from_key: rotation.fromKey,
  to_key: rotation.toKey,
  started: rotation.startedAt.toISOString(),
  started_by: rotation.startedBy,
  total: rotation.total,
  rewrapped: rotation.rewrapped,
  unreadable: rotation.unreadable,
  ...(rotation.finishedAt === undefined
    ? {}
    : { finished: rotation.finishedAt.toISOString(), values_under_old_key: 0 }),
});
