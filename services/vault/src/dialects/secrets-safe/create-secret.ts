import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { credentialsIn } from '@strongroom/http/secrets-safe';
import { Members, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { nameIn, type Folder } from '../../domain/folder.ts';
import { DEFAULT_MAX_VERSIONS, mayRead, type SecretData } from '../../domain/secret.ts';
import { createSecret, type CreatedSecret, type NewSecret } from '../../operations/create-secret.ts';
import { locateFolder } from '../../operations/locate-folder.ts';
import { FORGET } from '../../operations/once.ts';
import { apiVersion, at, ById, secretsSafe, Versioned } from './api.ts';
import { ownerRoles } from './owner-input.ts';
import type { RoleNames } from './owners.ts';
import { commonData, NewCredential, NewText, passwordOf } from './secret-input.ts';
import { secretView, SecretView } from './secret-view.ts';

/** Credentials and texts made in a folder (contract 4, rows 1 and 2). */
export const createSecretRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'post',
    path: at('/folders/:id/secrets'),
    operationId: 'secretsSafeCreateCredential',
    summary: 'Make a credential in a folder',
    access: AUTHENTICATED,
    status: 201,
    params: ById,
    query: Members(Versioned),
    body: NewCredential,
    response: SecretView,
    async handle({ params, query, body, caller, request, sent }) {
      const place = await placeIn(ctx, caller, request, params.id, body);
      const asking = { authorization: credentialsIn(sent), request };
      const pass = await passwordOf(body, rule => ctx.passwordByRule(asking, rule));
      const data = { user: body.Username, pass, ...commonData(body) };
      const secret = newSecret(place, 'credentials', data);
      const made = await createSecret(ctx, caller, request, secret, FORGET);
      return answer(caller, made, data, place, apiVersion(query));
    },
  }),
  route({
    ...secretsSafe,
    method: 'post',
    path: at('/folders/:id/secrets/text'),
    operationId: 'secretsSafeCreateText',
    summary: 'Make a text secret in a folder',
    access: AUTHENTICATED,
    status: 201,
    params: ById,
    query: Members(Versioned),
    body: NewText,
    response: SecretView,
    async handle({ params, query, body, caller, request }) {
      const place = await placeIn(ctx, caller, request, params.id, body);
      const data = { text: body.Text, ...commonData(body) };
      const made = await createSecret(ctx, caller, request, newSecret(place, 'text', data), FORGET);
      return answer(caller, made, data, place, apiVersion(query));
    },
  }),
];

/** Where a new secret is to be, and whose it is. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
  readonly owners: readonly string[];
  readonly names: RoleNames;
}

type Stated = Pick<Static<typeof NewText>, 'Title' | 'OwnerId' | 'OwnerType' | 'Owners'>;

export async function placeIn(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  folderId: string,
  stated: Stated,
): Promise<Place> {
  const folder = await locateFolder(ctx, caller, request, { id: folderId });
  const names = await ctx.roles.names();
  const owners = ownerRoles(stated, names);
  if (owners.length === 0 && folder.effectiveReadRoles.length === 0) {
    throw invalidField(
      'Owners',
      'Nobody could read it: name a group as owner, or a folder that some role may read',
    );
  }
  return { folder, name: nameIn(folder.path, stated.Title), owners, names };
}

export const newSecret = ({ name, owners }: Place, schema: string, data: SecretData): NewSecret => ({
  ownerId: undefined,
  name,
  schema,
  tags: [],
  readRoles: owners,
  writeRoles: owners,
  expiresAt: undefined,
  maxVersions: DEFAULT_MAX_VERSIONS,
  deleteVersionAfterSeconds: 0,
  casRequired: false,
  data,
});

/** To who may only write, what he wrote is not shown: a password may have been made for it. */
export function answer(
  caller: Caller,
  made: CreatedSecret,
  data: SecretData,
  { folder, names }: Place,
  version: ReturnType<typeof apiVersion>,
): Reply {
  const secret = {
    ...made,
    number: 0,
    folderId: folder.id,
    folderNumber: folder.number,
    inheritedReadRoles: folder.effectiveReadRoles,
    inheritedWriteRoles: folder.effectiveWriteRoles,
  };
  const shown = { secret, version: undefined, data: mayRead(caller, secret) ? data : undefined };
  return ok(secretView(shown, { names, version, decrypt: true }));
}
