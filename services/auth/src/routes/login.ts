import { ok, PUBLIC, route, type Route } from '@strongroom/http/route';
import { FreeObject, Members, Type } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { exchangeExternalToken } from '../operations/exchange-external-token.ts';
import { logIn } from '../operations/login.ts';
import {
  changePasswordAndLogIn,
  confirmEnrolment,
  continueSignIn,
  logInByPasskey,
  passSecondFactor,
  startEnrolment,
  startPasskey,
  startWebauthn,
} from '../operations/login-steps.ts';
import { TotpSetupView, totpSetupView } from './mfa-view.ts';
import { tokenReply } from './oauth.ts';
import { Assertion } from './passkey-schemas.ts';

const PREFIX = '/auth/api/v1';

const Token = Type.String({ minLength: 1, maxLength: 128, description: 'Of the authorization request' });
const Password = Type.String({ minLength: 1, maxLength: 1_024 });
const Code = Type.String({ minLength: 1, maxLength: 64 });

const Completed = Members({
  code: Type.String({ description: 'For the token endpoint; lives a minute' }),
  state: Type.String(),
  redirect_to: Type.String({ description: 'The callback of the application, with code and state' }),
});

/**
 * The sign-in of people (contract 1.3) and its further steps (docs/adr/0012-sign-in-steps.md). What is missing is
 * told as 400 `MFA_REQUIRED`, `MFA_SETUP_REQUIRED` or `PASSWORD_CHANGE_REQUIRED`.
 */
export const loginRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/login`,
    operationId: 'logIn',
    tag: 'login',
    summary: 'Sign in by user name and password, or by the id and secret of an API client',
    access: PUBLIC,
    body: Members({
      username: Type.String({ minLength: 1, maxLength: 256 }),
      password: Password,
      token: Token,
    }),
    response: Completed,
    handle: async ({ body, request }) => ok(await logIn(ctx, request, body)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/mfa`,
    operationId: 'logInBySecondFactor',
    tag: 'login',
    summary: 'Give the second factor: a one-time code, a recovery code or the answer of a security key',
    access: PUBLIC,
    body: Members({
      token: Token,
      totp: Type.Optional(Code),
      recovery_code: Type.Optional(Code),
      webauthn: Type.Optional(Assertion),
    }),
    response: Completed,
    handle: async ({ body, request }) => ok(await passSecondFactor(ctx, request, body)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/mfa/webauthn`,
    operationId: 'startSecurityKey',
    tag: 'login',
    summary: 'Get a challenge for one of the keys of the person who gave the password',
    access: PUBLIC,
    body: Members({ token: Token }),
    response: FreeObject,
    handle: async ({ body }) => ok(await startWebauthn(ctx, body.token)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/mfa/totp`,
    operationId: 'startTotpEnrolment',
    tag: 'login',
    summary: 'Set up one-time codes while signing in, when a second factor is demanded and none is there',
    access: PUBLIC,
    body: Members({ token: Token }),
    response: TotpSetupView,
    handle: async ({ body }) => ({
      body: totpSetupView(await startEnrolment(ctx, body.token)),
      headers: { 'cache-control': 'no-store' },
    }),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/mfa/totp/confirm`,
    operationId: 'confirmTotpEnrolment',
    tag: 'login',
    summary: 'Prove the set-up by a first code; shows the recovery codes once',
    access: PUBLIC,
    body: Members({ token: Token, totp: Code }),
    response: Members({ recovery_codes: Type.Array(Type.String()) }),
    handle: async ({ body, request }) => ({
      body: await confirmEnrolment(ctx, request, body),
      headers: { 'cache-control': 'no-store' },
    }),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/continue`,
    operationId: 'continueLogIn',
    tag: 'login',
    summary: 'Complete the sign-in after a second factor was set up',
    access: PUBLIC,
    body: Members({ token: Token }),
    response: Completed,
    handle: async ({ body, request }) => ok(await continueSignIn(ctx, request, body.token)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/password`,
    operationId: 'changePasswordAndLogIn',
    tag: 'login',
    summary: 'Set the new password of somebody who must change it',
    access: PUBLIC,
    body: Members({ token: Token, new_password: Password }),
    response: Completed,
    handle: async ({ body, request }) => ok(await changePasswordAndLogIn(ctx, request, body)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/passkey/options`,
    operationId: 'startPasskey',
    tag: 'login',
    summary: 'Get a challenge for any passkey of this installation',
    access: PUBLIC,
    body: Members({ token: Token }),
    response: FreeObject,
    handle: async ({ body }) => ok(await startPasskey(ctx, body.token)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/login/passkey`,
    operationId: 'logInByPasskey',
    tag: 'login',
    summary: 'Sign in by a passkey alone',
    access: PUBLIC,
    body: Members({ token: Token, response: Assertion }),
    response: Completed,
    handle: async ({ body, request }) => ok(await logInByPasskey(ctx, request, body)),
  }),
  route({
    method: 'post',
    path: `${PREFIX}/token/login`,
    operationId: 'exchangeExternalToken',
    tag: 'oauth',
    summary: 'Exchange the JWT of a configured identity provider for tokens (contract 1.5)',
    access: PUBLIC,
    body: Members({
      token: Type.String({ minLength: 1, maxLength: 16_384 }),
      scope: Type.Optional(Type.String({ maxLength: 1_024 })),
      client_id: Type.Optional(Type.String({ maxLength: 128 })),
    }),
    handle: async ({ body, request }) => tokenReply(await exchangeExternalToken(ctx, request, body)),
  }),
];
