import { errorBody } from '@strongroom/errors/error-body';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { paging } from '@strongroom/http/paging';
import { FreeObject, Members, OrNull, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../context.ts';
import { secretNotFound } from '../domain/errors.ts';
import { HIGHEST_MAX_VERSIONS, type Secret } from '../domain/secret.ts';
import { newestVersion } from '../domain/version.ts';
import type { CreatedSecret } from '../operations/create-secret.ts';
import { deleteSecret } from '../operations/delete-secret.ts';
import { listKeys } from '../operations/list-keys.ts';
import { FORGET, once } from '../operations/once.ts';
import {
  changeVersioning,
  changeVersions,
  listVersions,
  readVersion,
  type VersionAct,
  type VersionedSecret,
} from '../operations/versions.ts';
import { writeSecret } from '../operations/write-secret.ts';
import { OnceOnly } from './conditions.ts';
import { NameInput, SecretInput, toChange, toNewSecret } from './secret-view.ts';
import {
  toVersioning,
  versioningView,
  VersioningInput,
  VersioningView,
  versionView,
  VersionView,
} from './version-view.ts';

const PREFIX = '/vault/api/v1/secret';
const HIGHEST_VERSION = 2_147_483_647;

const ByName = Members({ name: NameInput });
const Versions = Members({
  versions: Type.Array(Type.Integer({ minimum: 1, maximum: HIGHEST_VERSION }), {
    minItems: 1,
    maxItems: HIGHEST_MAX_VERSIONS,
  }),
});

/** The versioned API (contract 2.7): the shared secrets of the plain one, by path and with all their versions. */
export const versionedSecretRoutes = (ctx: VaultContext): Route[] => [
  ...dataRoutes(ctx),
  ...metadataRoutes(ctx),
  ...keyRoutes(ctx),
  actRoute(ctx, 'delete', 'deleteSecretVersions', 'Delete versions; they can be undeleted'),
  actRoute(ctx, 'undelete', 'undeleteSecretVersions', 'Make deleted versions readable again'),
  actRoute(ctx, 'destroy', 'destroySecretVersions', 'Destroy the content of versions for good'),
];

const dataRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/data/*name`,
    operationId: 'getSecretVersion',
    tag: 'versions',
    summary: 'Read a version; of a deleted or destroyed one the answer is 404 with its metadata',
    access: AUTHENTICATED,
    params: ByName,
    query: Members({
      version: Type.Integer({
        minimum: 0,
        maximum: HIGHEST_VERSION,
        default: 0,
        description: '0: the newest',
      }),
    }),
    response: Members({ data: FreeObject, metadata: VersionView }),
    async handle({ params, query, caller, request }): Promise<Reply> {
      const number = query.version === 0 ? undefined : query.version;
      const { version, data } = await readVersion(ctx, caller, request, params.name, number);
      const metadata = versionView(version);
      return data === undefined
        ? { status: 404, body: { ...errorBody(secretNotFound(), request.id), metadata } }
        : ok({ data, metadata });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/data/*name`,
    operationId: 'writeSecretVersion',
    tag: 'versions',
    summary: 'Write a new version, of a new secret if need be; other members as on PUT',
    access: AUTHENTICATED,
    params: ByName,
    headers: OnceOnly,
    body: Members({
      ...SecretInput,
      data: FreeObject,
      options: OrNull(
        Members({
          cas: Type.Optional(
            Type.Integer({
              minimum: 0,
              description: 'The version to be replaced; 0: there is no secret yet',
            }),
          ),
        }),
      ),
    }),
    response: VersionView,
    handle: ({ params, headers, body, caller, request }) => {
      const input = toNewSecret({ ownerId: undefined, name: params.name }, body);
      const change = toChange(body);
      const expected = { version: body.options?.cas };
      return once<CreatedSecret, Reply>(
        ctx,
        {
          caller,
          request,
          key: headers['idempotency-key'],
          target: ['write', params.name, change, expected],
        },
        secret => ok(versionView(newestVersion(secret))),
        remember => writeSecret(ctx, caller, request, input, change, expected, remember),
      );
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/data/*name`,
    operationId: 'deleteNewestSecretVersion',
    tag: 'versions',
    summary: 'Delete the newest version; it can be undeleted',
    access: AUTHENTICATED,
    params: ByName,
    async handle({ params, caller, request }) {
      await changeVersions(ctx, caller, request, params.name, 'delete', 'newest', FORGET);
      return ok();
    },
  }),
];

const metadataRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/metadata/*name`,
    operationId: 'getSecretVersions',
    tag: 'versions',
    summary: 'What is known of a secret and its versions',
    access: AUTHENTICATED,
    params: ByName,
    response: Members({ metadata: VersioningView, versions: Type.Array(VersionView) }),
    async handle({ params, caller, request }) {
      const found = await listVersions(ctx, caller, request, params.name);
      return ok({ metadata: versioningView(found), versions: found.versions.map(versionView) });
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/metadata/*name`,
    operationId: 'changeSecretVersioning',
    tag: 'versions',
    summary: 'Change how versions of a secret are kept and written',
    access: AUTHENTICATED,
    params: ByName,
    headers: OnceOnly,
    body: VersioningInput,
    response: VersioningView,
    handle: ({ params, headers, body, caller, request }) => {
      const change = toVersioning(body);
      return once<VersionedSecret, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target: ['versioning', params.name, change] },
        result => ok(versioningView(result)),
        remember => changeVersioning(ctx, caller, request, params.name, change, remember),
      );
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/metadata/*name`,
    operationId: 'deleteSecretAndVersions',
    tag: 'versions',
    summary: 'Delete a secret with all its versions for good',
    access: AUTHENTICATED,
    params: ByName,
    async handle({ params, caller, request }) {
      await deleteSecret(ctx, caller, request, { ownerId: undefined, name: params.name }, {});
      return ok();
    },
  }),
];

const page = Members(paging({ limit: 10_000, max: 10_000 }));
const Keys = Members({ count: Type.Integer({ minimum: 0 }), keys: Type.Array(Type.String()) });

const keyRoutes = (ctx: VaultContext): Route[] => [
  route({
    method: 'get',
    path: `${PREFIX}/keys`,
    operationId: 'listTopKeys',
    tag: 'versions',
    summary: 'Secrets and folders at the top that the caller may know of; folders end in a slash',
    access: AUTHENTICATED,
    query: page,
    response: Keys,
    handle: async ({ query, caller, request }) => ok(await listKeys(ctx, caller, request, undefined, query)),
  }),
  route({
    method: 'get',
    path: `${PREFIX}/keys/*name`,
    operationId: 'listKeys',
    tag: 'versions',
    summary: 'Secrets and folders in a folder that the caller may know of; folders end in a slash',
    access: AUTHENTICATED,
    params: ByName,
    query: page,
    response: Keys,
    handle: async ({ params, query, caller, request }) =>
      // As it is listed, a folder's name ends in a slash.
      ok(await listKeys(ctx, caller, request, params.name.replace(/\/$/, ''), query)),
  }),
];

const actRoute = (ctx: VaultContext, act: VersionAct, operationId: string, summary: string): Route =>
  route({
    method: 'post',
    path: `${PREFIX}/${act}/*name`,
    operationId,
    tag: 'versions',
    summary,
    access: AUTHENTICATED,
    params: ByName,
    headers: OnceOnly,
    body: Versions,
    handle: ({ params, headers, body, caller, request }) =>
      once<Secret, Reply>(
        ctx,
        { caller, request, key: headers['idempotency-key'], target: [act, params.name, body.versions] },
        () => ok(),
        remember => changeVersions(ctx, caller, request, params.name, act, body.versions, remember),
      ),
  });
