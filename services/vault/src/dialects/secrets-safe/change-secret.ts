import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, type Reply, type Route } from '@strongroom/http/route';
import { credentialsIn } from '@strongroom/http/secrets-safe';
import { Members, type Static } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { folderPathOf, nameIn, type Folder } from '../../domain/folder.ts';
import { mayRead, type Secret, type SecretData } from '../../domain/secret.ts';
import { editSecret } from '../../operations/edit-secret.ts';
import { locateFolder } from '../../operations/locate-folder.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { apiVersion, at, ById, secretsSafe, Versioned, type ApiVersion } from './api.ts';
import { typeOf, withStated, type SecretType, type StatedContent } from './content.ts';
import { requireOwners } from './owner-input.ts';
import { ofAnotherKind } from './read-secret.ts';
import { ChangedCredential, ChangedText, commonData, passwordOf } from './secret-input.ts';
import { NO_ID, secretView, SecretView } from './secret-view.ts';

/** Replacing credentials and texts (contract 4, rows 4 and 5; 4.3): what is left out is cleared. */
export const changeSecretRoutes = (ctx: VaultContext): Route[] => [
  route({
    ...secretsSafe,
    method: 'put',
    path: at('/secrets/:id'),
    operationId: 'secretsSafePutCredential',
    summary: 'Replace what a credential has; another title or folder moves it',
    access: AUTHENTICATED,
    params: ById,
    query: Members(Versioned),
    body: ChangedCredential,
    response: SecretView,
    async handle({ params, query, body, caller, request, sent }) {
      const asking = { authorization: credentialsIn(sent), request };
      const pass = await passwordOf(body, rule => ctx.passwordByRule(asking, rule));
      const content = { user: body.Username, pass, ...commonData(body) };
      return change(ctx, caller, request, params.id, 'Credential', body, content, apiVersion(query));
    },
  }),
  route({
    ...secretsSafe,
    method: 'put',
    path: at('/secrets/:id/text'),
    operationId: 'secretsSafePutText',
    summary: 'Replace what a text secret has; another title or folder moves it',
    access: AUTHENTICATED,
    params: ById,
    query: Members(Versioned),
    body: ChangedText,
    response: SecretView,
    handle({ params, query, body, caller, request }) {
      const content = { text: body.Text, ...commonData(body) };
      return change(ctx, caller, request, params.id, 'Text', body, content, apiVersion(query));
    },
  }),
];

type Stated = Pick<Static<typeof ChangedText>, 'Title' | 'FolderId' | 'OwnerId' | 'OwnerType' | 'Owners'>;

async function change(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  type: SecretType,
  stated: Stated,
  content: StatedContent,
  version: ApiVersion,
): Promise<Reply> {
  const address = await locateSecret(ctx, caller, request, { id });
  const folder = await targetOf(ctx, caller, request, stated);
  const names = await ctx.roles.names();
  let data: SecretData = {};
  const edited = await editSecret(ctx, caller, request, address, {
    rewrite(before, secret, schema) {
      if (typeOf(secret) !== type) throw ofAnotherKind();
      requireOwners(stated, secret, names);
      const fields = (schema?.properties ?? []).map(({ name }) => name);
      data = withStated(before, type, content, fields);
      return data;
    },
    rename: ({ name }) => nameIn(folder === undefined ? folderPathOf(name) : folder.path, stated.Title),
    shown: false,
    told: {},
  });
  const secret = folder === undefined ? edited : inFolder(edited, folder);
  // To who may only write, nothing is shown: a password may have been made for it.
  const shown = { secret, version: undefined, data: mayRead(caller, secret) ? data : undefined };
  return ok(secretView(shown, { names, version, decrypt: true }));
}

/** The folder that the secret is to be in; undefined: where it is. */
export async function targetOf(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { FolderId: id }: Stated,
): Promise<Folder | undefined> {
  return id && id !== NO_ID ? locateFolder(ctx, caller, request, { id }) : undefined;
}

const inFolder = (secret: Secret, folder: Folder): Secret => ({
  ...secret,
  folderId: folder.id,
  folderNumber: folder.number,
  inheritedReadRoles: folder.effectiveReadRoles,
  inheritedWriteRoles: folder.effectiveWriteRoles,
});
