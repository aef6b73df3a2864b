import { PUBLIC, route, type Reply, type Route } from '@strongroom/http/route';
import { Members, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { endSessionByIdToken } from '../operations/end-session.ts';

const PATH = '/auth/api/v1/oauth/logout';
const Uri = Type.Optional(Type.String({ maxLength: 2_048 }));
const Input = Members({
  id_token_hint: Type.Optional(Type.String({ maxLength: 16_384 })),
  client_id: Type.Optional(Type.String({ maxLength: 128 })),
  post_logout_redirect_uri: Uri,
  state: Uri,
});

/** 303: also a POST goes on as a GET. Without a target there is a line to read. */
const reply = (target: string | undefined): Reply =>
  target === undefined
    ? { page: { type: 'text/plain; charset=utf-8', text: 'You are signed out.\n' } }
    : { status: 303, headers: { location: target } };

/** Sign-out that an application starts (OpenID Connect RP-Initiated Logout 1.0): GET and POST alike. */
export const endSessionRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'endSession',
    tag: 'oauth',
    summary: 'End the session that an ID token names and go back to the application',
    access: PUBLIC,
    query: Input,
    handle: async ({ query, request }) => reply(await endSessionByIdToken(ctx, request, query)),
  }),
  route({
    method: 'post',
    path: PATH,
    operationId: 'endSessionByForm',
    tag: 'oauth',
    summary: 'The same, by a form',
    access: PUBLIC,
    bodyType: 'form',
    body: Input,
    handle: async ({ body, request }) => reply(await endSessionByIdToken(ctx, request, body)),
  }),
];
