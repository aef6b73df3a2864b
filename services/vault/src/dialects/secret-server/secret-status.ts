import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Choice, Line, Members, OrNull, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { folderPathOf } from '../../domain/folder.ts';
import type { SecretAddress } from '../../domain/secret.ts';
import { listFavorites, markFavorite } from '../../operations/favorites.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { schemaOf } from '../../operations/read-schema.ts';
import { readStatus, setExpiry, type SecretStatus } from '../../operations/secret-status.ts';
import { AccessArgs, toldOf } from './access-args.ts';
import { Dirty, dirtyValue } from './dirty.ts';
import { ById, ByPath, secretKey } from './secret-key.ts';
import { parseDate, SettingsView, settingsView, StateView, stateView } from './secret-status-view.ts';
import { nameInFolder, NO_FOLDER } from './secret-view.ts';
import { backslashed, SummaryView, summaryView } from './summary-view.ts';
import { inVersions, secretServer, V1 } from './versions.ts';

const Query = Members(ByPath);

const ExpirationInput = Members({
  data: Members({
    expirationType: Dirty(Choice('Template', 'DayInterval', 'SpecificDate')),
    expirationDayInterval: Dirty(Type.Integer()),
    expirationDate: Dirty(Line(40)),
  }),
});

const FavoriteView = Members({
  id: Type.Integer(),
  secretName: Type.String(),
  folderId: Type.Integer(),
  folderPath: Type.String(),
});

/** What is around a secret's content (contract 5, rows 13 to 15, 22, 27, 28 and 31). */
export const secretStatusRoutes = (ctx: VaultContext): Route[] => {
  const locate = (
    { id }: { id: number },
    { secretPath }: { secretPath?: string },
    caller: Caller,
    request: RequestInfo,
  ): Promise<SecretAddress> => locateSecret(ctx, caller, request, secretKey(id, secretPath));
  return [
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'get',
        path: at('/secrets/favorite'),
        operationId: named('ListFavorites'),
        summary: 'The secrets that the caller has marked',
        access: AUTHENTICATED,
        response: Type.Array(FavoriteView),
        async handle({ caller, request }) {
          const favorites = await listFavorites(ctx, caller, request);
          return ok(
            favorites.map(({ number, name, folderNumber }) => ({
              id: number,
              secretName: nameInFolder(name),
              folderId: folderNumber ?? NO_FOLDER,
              folderPath: backslashed(folderPathOf(name)),
            })),
          );
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'post',
        path: at('/secrets/:id/favorite'),
        operationId: named('MarkFavorite'),
        summary: 'Mark a secret for the caller, or take the mark away; without a word, turn it over',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        body: Members({ isFavorite: OrNull(Type.Boolean()) }),
        response: Type.Boolean({ description: 'Whether it is marked then' }),
        async handle({ params, query, body, caller, request }) {
          const address = await locate(params, query, caller, request);
          return ok(await markFavorite(ctx, caller, request, address, body.isFavorite ?? undefined));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'get',
        path: at('/secrets/:id/summary'),
        operationId: named('GetSecretSummary'),
        summary: 'A secret without its content',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        response: SummaryView,
        async handle({ params, query, caller, request }) {
          const address = await locate(params, query, caller, request);
          return ok(await summaryOf(ctx, await readStatus(ctx, caller, request, address)));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'post',
        path: at('/secrets/:id/expire'),
        operationId: named('ExpireSecret'),
        summary: 'Let a secret expire now',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        body: AccessArgs,
        response: SummaryView,
        async handle({ params, query, body, caller, request }) {
          const address = await locate(params, query, caller, request);
          const status = await setExpiry(ctx, caller, request, address, ctx.now(), toldOf(body));
          return ok(await summaryOf(ctx, status));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'get',
        path: at('/secrets/:id/state'),
        operationId: named('GetSecretState'),
        summary: 'What the caller may do with a secret',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        response: StateView,
        async handle({ params, query, caller, request }) {
          const address = await locate(params, query, caller, request);
          return ok(stateView(caller, await readStatus(ctx, caller, request, address)));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'get',
        path: at('/secrets/:id/settings'),
        operationId: named('GetSecretSettings'),
        summary: 'When a secret expires',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        response: SettingsView,
        async handle({ params, query, caller, request }) {
          const address = await locate(params, query, caller, request);
          return ok(settingsView((await readStatus(ctx, caller, request, address)).secret));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'put',
        path: at('/secrets/:id/expiration'),
        operationId: named('SetSecretExpiration'),
        summary: 'Give a secret a date of expiry, or with the type Template take it away',
        access: AUTHENTICATED,
        params: ById,
        query: Query,
        body: ExpirationInput,
        response: SettingsView,
        async handle({ params, query, body, caller, request }) {
          const expiresAt = statedExpiry(body.data);
          const address = await locate(params, query, caller, request);
          const { secret } =
            expiresAt === undefined
              ? await readStatus(ctx, caller, request, address)
              : await setExpiry(ctx, caller, request, address, expiresAt);
          return ok(settingsView(secret));
        },
      }),
    ),
    ...inVersions(V1, (at, named) =>
      route({
        ...secretServer,
        method: 'post',
        path: at('/secret-access-requests/secrets/:id/view-comment'),
        operationId: named('CommentOnAccess'),
        summary: 'Put on the record why a secret will be read',
        access: AUTHENTICATED,
        params: ById,
        body: AccessArgs,
        response: Type.Boolean(),
        async handle({ params, body, caller, request }) {
          const address = await locate(params, {}, caller, request);
          await readStatus(ctx, caller, request, address, toldOf(body));
          return ok(true);
        },
      }),
    ),
  ];
};

const summaryOf = async (ctx: VaultContext, { secret, isActive }: SecretStatus) =>
  summaryView(secret, await schemaOf(ctx, secret), isActive, ctx.now());

interface StatedExpiration {
  readonly expirationType?: Parameters<typeof dirtyValue<string>>[0];
  readonly expirationDate?: Parameters<typeof dirtyValue<string>>[0];
}

/** Undefined: nothing changes; null: it does not expire any more. */
function statedExpiry(data: StatedExpiration): Date | null | undefined {
  const type = dirtyValue(data.expirationType);
  const written = dirtyValue(data.expirationDate);
  if (type === 'Template') return null;
  // The days would count anew from each change of the password, and nothing here counts them.
  if (type === 'DayInterval')
    throw invalidField('expirationType', 'State a date on which the secret expires');
  if (type === undefined && written === undefined) return undefined;
  const date = typeof written === 'string' ? parseDate(written) : undefined;
  if (date === undefined) throw invalidField('expirationDate', 'State the date as YYYY-MM-DD');
  return date;
}
