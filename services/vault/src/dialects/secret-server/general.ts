import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { Members, OrNull, Text, Type, type Static, type TSchema } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { type Secret, type SecretAddress, type SecretData } from '../../domain/secret.ts';
import { isReadable } from '../../domain/version.ts';
import { editSecret } from '../../operations/edit-secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { FORGET } from '../../operations/once.ts';
import { schemaOf } from '../../operations/read-schema.ts';
import { changeVersions, listVersions } from '../../operations/versions.ts';
import { fieldsOf, fileIn } from './fields.ts';
import { fieldNamed, withValue } from './items.ts';
import { ById, ByPath, secretKey } from './secret-key.ts';
import { nameInFolder, NO_FOLDER, NO_TEMPLATE } from './secret-view.ts';
import { requireServable } from './settings-input.ts';
import { inVersions, secretServer, V1_AND_V2 } from './versions.ts';
import { renamed, statedFolder } from './write-secret.ts';

/** A member counts only when it is said to have changed (contract 5.5). */
const Changed = <T extends TSchema>(value: T) =>
  OrNull(Members({ dirty: OrNull(Type.Boolean()), value: OrNull(value) }));

const ChangedField = Members({
  slug: Text(512),
  dirty: OrNull(Type.Boolean()),
  value: OrNull(Type.String()),
});

const GeneralInput = Members({
  data: Members({
    name: Changed(Text(2_048)),
    folder: Changed(Type.Integer({ minimum: NO_FOLDER })),
    active: Changed(Type.Boolean()),
    site: Changed(Type.Integer()),
    template: Changed(Type.Integer()),
    secretPolicy: Changed(Type.Integer()),
    heartbeatEnabled: Changed(Type.Boolean()),
    isOutOfSync: Changed(Type.Boolean()),
    generateSshKeys: OrNull(Type.Boolean()),
    secretFields: OrNull(Type.Array(ChangedField, { maxItems: 1_000 })),
  }),
});
type General = Static<typeof GeneralInput>['data'];

const changeOf = <T>(
  change: { dirty?: boolean | null; value?: T | null } | null | undefined,
): T | null | undefined => (change?.dirty === true ? (change.value ?? null) : undefined);

const DeleteView = Members({
  id: Type.Integer(),
  objectType: Type.String(),
  responseCodes: Type.Array(Type.String()),
});

/**
 * Parts of a secret, and whether it is active (contract 5, rows 6 to 8). Deleting deletes the newest version, so that
 * others see no secret any more and undeleting brings it back.
 */
export const generalRoutes = (ctx: VaultContext): Route[] => [
  ...[1, 2].flatMap(version =>
    inVersions([version], (at, named) =>
      route({
        ...secretServer,
        method: 'patch',
        path: at('/secrets/:id/general'),
        operationId: named('PatchSecretGeneral'),
        summary:
          'Change the members that are marked as dirty; a field without a value is cleared, a file removed',
        access: AUTHENTICATED,
        params: ById,
        query: Members(ByPath),
        body: GeneralInput,
        response: Type.Unsafe({ type: 'object' }),
        async handle({ params, query, body, caller, request }) {
          const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
          return patchGeneral(ctx, caller, request, address, body.data, version);
        },
      }),
    ),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'delete',
      path: at('/secrets/:id'),
      operationId: named('DeleteSecret'),
      summary: 'Delete a secret; it can be undeleted',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      response: DeleteView,
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        const secret = await changeVersions(ctx, caller, request, address, 'delete', 'newest', FORGET);
        return ok({ id: secret.number, objectType: 'Secret', responseCodes: [] });
      },
    }),
  ),
  ...[1, 2, 3].flatMap(version => [
    ...undeleteRoutes(ctx, version, 'activate'),
    ...(version === 1 ? undeleteRoutes(ctx, version, 'undelete') : []),
  ]),
];

const undeleteRoutes = (ctx: VaultContext, version: number, word: 'activate' | 'undelete'): Route[] =>
  inVersions([version], (at, named) =>
    route({
      ...secretServer,
      method: 'put',
      path: at(`/secrets/:id/${word}`),
      operationId: named(word === 'activate' ? 'ActivateSecret' : 'UndeleteSecret'),
      summary: 'Undelete a secret',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      response: Type.Unsafe({ type: 'object' }),
      async handle({ params, query, caller, request }) {
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        const secret = await changeVersions(ctx, caller, request, address, 'undelete', 'newest', FORGET);
        return ok(await generalView(ctx, secret, true, version));
      },
    }),
  );

async function patchGeneral(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  stated: General,
  version: number,
): Promise<Reply> {
  requirePossible(stated);
  const active = changeOf(stated.active) ?? undefined;
  if (active === true) await changeVersions(ctx, caller, request, address, 'undelete', 'newest', FORGET);
  const edits = (stated.secretFields ?? []).filter(({ dirty }) => dirty === true);
  const name = changeOf(stated.name);
  const folderNumber = changeOf(stated.folder);
  let current: SecretAddress = address;
  if (edits.length > 0 || name !== undefined || folderNumber !== undefined) {
    const folder = await statedFolder(ctx, caller, request, folderNumber === null ? NO_FOLDER : folderNumber);
    current = await editSecret(ctx, caller, request, address, {
      rewrite: (data, secret, schema) =>
        edits.reduce<SecretData>((changed, { slug, value }, index) => {
          const field = fieldNamed(fieldsOf(secret, schema, changed), slug);
          const property = `data.secretFields.${index}`;
          if (field === undefined) throw invalidField(property, 'The secret has no such field');
          // Clients that send an empty file field want no file there, whether or not there is one.
          if (field.isFile && fileIn(changed, field.slug) === undefined && (value ?? '') === '')
            return changed;
          return withValue(changed, field, value ?? '', property);
        }, data),
      rename: secret => renamed(secret, name ?? nameInFolder(secret.name), folder),
      shown: false,
      told: {},
    });
  }
  if (active === false) await changeVersions(ctx, caller, request, current, 'delete', 'newest', FORGET);
  const { secret, versions } = await listVersions(ctx, caller, request, current);
  const newest = versions.at(-1);
  return ok(await generalView(ctx, secret, newest !== undefined && isReadable(newest, ctx.now()), version));
}

function requirePossible(stated: General): void {
  requireServable({ siteId: changeOf(stated.site), secretPolicyId: changeOf(stated.secretPolicy) });
  const wish = changeOf(stated.heartbeatEnabled) === true || changeOf(stated.isOutOfSync) === true;
  if (wish) throw invalidField('data', 'Heartbeats are of accounts, and this secret has none');
  if (stated.generateSshKeys === true) {
    throw invalidField('data.generateSshKeys', 'Keys are generated when a secret is made');
  }
  if (changeOf(stated.template) !== undefined) {
    throw invalidField('data.template', 'A secret keeps its template');
  }
  if (changeOf(stated.name) === null) throw invalidField('data.name', 'A secret needs a name');
}

/** Version 1 of the API wraps each member. */
async function generalView(ctx: VaultContext, secret: Secret, active: boolean, version: number) {
  const schema = await schemaOf(ctx, secret);
  const plain = {
    active,
    enableInheritSecretPolicy: false,
    folder: secret.folderNumber ?? NO_FOLDER,
    heartbeatEnabled: false,
    isOutOfSync: false,
    name: nameInFolder(secret.name),
    secretPolicy: null,
    site: 1,
    template: schema?.number ?? NO_TEMPLATE,
  };
  if (version > 1) return { id: secret.number, ...plain };
  const wrapped = Object.entries(plain).map(([label, value]) => [label, { label, value }] as const);
  return { id: secret.number, ...Object.fromEntries(wrapped) };
}
