import { badRequest, invalidField } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, route, type Route } from '@strongroom/http/route';
import { Members, OrNull, Text, Type } from '@strongroom/schema/types';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../../context.ts';
import { folderPathOf, type Folder } from '../../domain/folder.ts';
import { DEFAULT_MAX_VERSIONS, holdsOne, type Secret } from '../../domain/secret.ts';
import { createSecret } from '../../operations/create-secret.ts';
import { editSecret } from '../../operations/edit-secret.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { FORGET } from '../../operations/once.ts';
import { readFolder } from '../../operations/read-folder.ts';
import { schemaByNumber } from '../../operations/read-schema.ts';
import { accessArgs, toldOf } from './access-args.ts';
import { generateKeys, SshKeyArgs, storeGeneratedFiles } from './generated-keys.ts';
import { ItemList, withItems } from './items.ts';
import { answerSecret } from './read-secret.ts';
import { ById, ByPath, Id, secretKey } from './secret-key.ts';
import { nameInFolder, NO_FOLDER, SecretView } from './secret-view.ts';
import { requireServable, settingsInput } from './settings-input.ts';
import { inVersions, secretServer, V1_AND_V2 } from './versions.ts';

const FolderId = OrNull(Type.Integer({ minimum: NO_FOLDER }));
const NameInput = Text(2_048);

const NewSecretInput = Members({
  name: NameInput,
  secretTemplateId: Id,
  folderId: FolderId,
  items: ItemList,
  sshKeyArgs: OrNull(SshKeyArgs),
  ...settingsInput,
});

const ChangedSecretInput = Members({
  id: Id,
  name: NameInput,
  folderId: FolderId,
  items: ItemList,
  ...accessArgs,
  ...settingsInput,
});

/** Making and changing whole secrets (contract 5, rows 4 and 5). */
export const writeSecretRoutes = (ctx: VaultContext): Route[] => [
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'post',
      path: at('/secrets'),
      operationId: named('CreateSecret'),
      summary: 'Make a secret in a folder of whose readers the caller is',
      access: AUTHENTICATED,
      body: NewSecretInput,
      response: SecretView,
      async handle({ body, caller, request }) {
        requireServable(body);
        const schema = await schemaByNumber(ctx, body.secretTemplateId);
        if (schema === undefined) throw invalidField('secretTemplateId', 'No template has this number');
        const folder = await folderToAddTo(ctx, caller, request, body.folderId);
        const name = inFolder(folder.path, body.name);
        const stated = withItems({}, { number: 0 }, schema, body.items);
        const place = { name, folder, schema };
        const generated = await generateKeys(ctx, caller, request, body.sshKeyArgs, place, stated);
        const created = await createSecret(
          ctx,
          caller,
          request,
          {
            ownerId: undefined,
            name,
            schema: schema.name,
            data: { ...stated, ...generated.text },
            readRoles: [],
            writeRoles: [],
            tags: [],
            expiresAt: undefined,
            maxVersions: DEFAULT_MAX_VERSIONS,
            deleteVersionAfterSeconds: 0,
            casRequired: false,
          },
          FORGET,
        );
        await storeGeneratedFiles(ctx, caller, request, created, schema, generated, body.items);
        return answerSecret(ctx, caller, request, created, {});
      },
    }),
  ),
  ...inVersions(V1_AND_V2, (at, named) =>
    route({
      ...secretServer,
      method: 'put',
      path: at('/secrets/:id'),
      operationId: named('UpdateSecret'),
      summary: 'Change a secret; items that are not listed stay, and what is as it was read changes nothing',
      access: AUTHENTICATED,
      params: ById,
      query: Members(ByPath),
      body: ChangedSecretInput,
      response: SecretView,
      async handle({ params, query, body, caller, request }) {
        requireServable(body);
        const address = await locateSecret(ctx, caller, request, secretKey(params.id, query.secretPath));
        if (params.id !== 0 && body.id !== params.id) throw badRequest('id differs from that of the path');
        const folder = await statedFolder(ctx, caller, request, body.folderId);
        const edited = await editSecret(ctx, caller, request, address, {
          rewrite: (data, secret, schema) => withItems(data, secret, schema, body.items),
          rename: secret => renamed(secret, body.name, folder),
          shown: true,
          told: toldOf(body),
        });
        return answerSecret(ctx, caller, request, edited, {});
      },
    }),
  ),
];

/** What the secret is called after it was given that name, in the folder that is stated. */
export function renamed(secret: Secret, name: string, folder: StatedFolder | undefined): string {
  // By its number, since a folder may have another path by now; it takes its secrets along.
  const stays = folder === undefined || folder.number === secret.folderNumber;
  const path = stays ? folderPathOf(secret.name) : folder.path;
  // What another dialect has called so is left so.
  return name === nameInFolder(secret.name) ? joined(path, name) : inFolder(path, name);
}

/** The secret's name; what it is called must be one name, since a slash would put it elsewhere. */
function inFolder(folderPath: string | undefined, name: string): string {
  if (/[/\\]/.test(name)) throw invalidField('name', 'The name of a secret must not hold a slash');
  return joined(folderPath, name);
}

const joined = (folderPath: string | undefined, name: string): string =>
  folderPath === undefined ? name : `${folderPath}/${name}`;

interface StatedFolder {
  /** Both undefined: at the top. */
  readonly number: number | undefined;
  readonly path: string | undefined;
}

/** Undefined: it stays where it is. Zero is what Go's SDK sends for what is not stated. */
export async function statedFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  number: number | null | undefined,
): Promise<StatedFolder | undefined> {
  if (number === undefined || number === null || number === 0) return undefined;
  if (number === NO_FOLDER) return { number: undefined, path: undefined };
  return { number, path: (await readFolder(ctx, caller, request, { number })).path };
}

/**
 * The folder that a new secret comes into. In this dialect nobody states who may read, and whoever made a
 * secret reads it next: so it has to be a folder whose roles let him.
 */
async function folderToAddTo(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  number: number | null | undefined,
): Promise<Folder> {
  const unreadable = () =>
    invalidField('folderId', 'A secret needs a folder that one of your roles may read');
  if (number === undefined || number === null || number <= 0) throw unreadable();
  const folder = await readFolder(ctx, caller, request, { number });
  if (!holdsOne(caller, folder.effectiveReadRoles)) throw unreadable();
  return folder;
}
