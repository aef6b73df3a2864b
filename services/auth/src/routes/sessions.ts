import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  OrNull,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import type { Session } from '../domain/session.ts';
import { renewAppSession } from '../operations/renew-session.ts';
import {
  logOut,
  terminateOwnSession,
  terminateSession,
  terminateSessionsOf,
} from '../operations/sessions.ts';
import { SESSION_SORT_KEYS, searchSessions, type SessionQuery } from '../store/session-search.ts';

const PREFIX = '/auth/api/v1/sessionstorage';
const VIEW = withPermission('users-view', 'users-manage');
const MANAGE = withPermission('users-manage');

const Query = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice(...SESSION_SORT_KEYS)),
  sortdir: Type.Optional(SortDirection),
});

const View = Members({
  id: Type.String(),
  user_id: Type.String({ description: 'The person or the API client' }),
  source_id: Type.String(),
  domain: Type.String({ description: 'The OAuth client' }),
  username: Type.String(),
  remote_addr: Type.String(),
  user_agent: Type.String(),
  type: Choice('user', 'api-client'),
  created: Timestamp,
  updated: Timestamp,
  expires: Timestamp,
  token_expires: Timestamp,
  logged_out: Type.Boolean(),
  current: Type.Boolean({ description: 'Whether this very call was made in it' }),
});

const view = (session: Session, currentId: string): Static<typeof View> => ({
  id: session.id,
  user_id: session.subject.id,
  source_id: session.sourceId ?? '',
  domain: session.clientId,
  username: session.username,
  remote_addr: session.remoteAddress,
  user_agent: session.userAgent,
  type: session.subject.kind,
  created: session.createdAt.toISOString(),
  updated: session.updatedAt.toISOString(),
  expires: session.expiresAt.toISOString(),
  token_expires: session.tokenExpiresAt.toISOString(),
  logged_out: session.endedAt !== null,
  current: session.id === currentId,
});

const givenText = (text: string | null | undefined) => (text === '' || text === null ? undefined : text);

/** Sessions (contract 1.7). The literal `current` comes before any user id. */
export const sessionRoutes = (ctx: AuthContext): Route[] => {
  type Filter = Partial<Pick<SessionQuery, 'subjectId' | 'sourceId' | 'kind' | 'words'>>;
  async function page(query: Static<typeof Query>, currentId: string, filter: Filter) {
    const { count, sessions } = await searchSessions(
      ctx.db,
      {
        words: [],
        ...filter,
        offset: query.offset,
        limit: query.limit,
        sortKey: query.sortkey ?? 'expires',
        descending: isDescending(query.sortdir),
      },
      ctx.now(),
    );
    return ok({ count, items: sessions.map(session => view(session, currentId)) });
  }
  return [
    route({
      method: 'post',
      path: '/auth/api/v1/logout',
      operationId: 'logOut',
      tag: 'sessions',
      summary: 'End the session of this call',
      access: AUTHENTICATED,
      handle: async ({ caller, request }) => {
        await logOut(ctx, caller, request);
        return ok();
      },
    }),
    route({
      method: 'get',
      path: `${PREFIX}/users/current/sessions`,
      operationId: 'listOwnSessions',
      tag: 'sessions',
      summary: "List the caller's own sessions",
      access: AUTHENTICATED,
      query: Query,
      response: Envelope(View),
      handle: ({ query, caller }) =>
        // A service's name is no id of a session's owner.
        caller.kind === 'service'
          ? ok({ count: 0, items: [] })
          : page(query, caller.sessionId, { subjectId: caller.id }),
    }),
    route({
      method: 'post',
      path: `${PREFIX}/users/current/sessions/:id/terminate`,
      operationId: 'terminateOwnSession',
      tag: 'sessions',
      summary: "End one of the caller's own sessions",
      access: AUTHENTICATED,
      params: Members({ id: Uuid }),
      handle: async ({ params, caller, request }) => {
        await terminateOwnSession(ctx, caller, request, params.id);
        return ok();
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/sessions/current/renew`,
      operationId: 'renewSession',
      tag: 'sessions',
      summary: "The next token of the caller's session, of those whose use keeps them (Secrets Safe's)",
      access: AUTHENTICATED,
      response: Members({ access_token: Type.String(), expires_in: Type.Integer() }),
      handle: async ({ caller, request }) => {
        const { accessToken, expiresInSeconds } = await renewAppSession(ctx, caller, request);
        return {
          body: { access_token: accessToken, expires_in: expiresInSeconds },
          headers: { 'cache-control': 'no-store' },
        };
      },
    }),
    route({
      method: 'get',
      path: `${PREFIX}/users/:userId/sessions`,
      operationId: 'listSessionsOfUser',
      tag: 'sessions',
      summary: 'List the sessions of a person or an API client',
      access: VIEW,
      params: Members({ userId: Uuid }),
      query: Query,
      response: Envelope(View),
      handle: ({ params, query, caller }) => page(query, caller.sessionId, { subjectId: params.userId }),
    }),
    route({
      method: 'get',
      path: `${PREFIX}/sources/:sourceId/sessions`,
      operationId: 'listSessionsOfSource',
      tag: 'sessions',
      summary: 'List the sessions of the people of a source',
      access: VIEW,
      params: Members({ sourceId: Uuid }),
      query: Query,
      response: Envelope(View),
      handle: ({ params, query, caller }) => page(query, caller.sessionId, { sourceId: params.sourceId }),
    }),
    route({
      method: 'post',
      path: `${PREFIX}/sessions/search`,
      operationId: 'searchSessions',
      tag: 'sessions',
      summary: 'Search sessions by words in name, address or user agent, by owner and by type',
      access: VIEW,
      query: Query,
      body: Members({
        keywords: OrNull(Line(1_000)),
        // Go's SDK sends an empty text for what it does not ask for.
        user_id: OrNull(Type.Union([Uuid, Choice('')])),
        type: OrNull(Line(64)),
      }),
      response: Envelope(View),
      handle: ({ query, body, caller }) =>
        page(query, caller.sessionId, {
          words: (body.keywords ?? '').split(/[\s,]+/).filter(word => word !== ''),
          subjectId: givenText(body.user_id),
          kind: givenText(body.type),
        }),
    }),
    route({
      method: 'post',
      path: `${PREFIX}/sessions/:id/terminate`,
      operationId: 'terminateSession',
      tag: 'sessions',
      summary: 'End a session',
      access: MANAGE,
      params: Members({ id: Uuid }),
      handle: async ({ params, caller, request }) => {
        await terminateSession(ctx, caller, request, params.id);
        return ok();
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/users/:userId/sessions/terminate`,
      operationId: 'terminateSessionsOfUser',
      tag: 'sessions',
      summary: 'End all sessions of a person or an API client',
      access: MANAGE,
      params: Members({ userId: Uuid }),
      handle: async ({ params, caller, request }) => {
        await terminateSessionsOf(ctx, caller, request, params.userId);
        return ok();
      },
    }),
  ];
};
