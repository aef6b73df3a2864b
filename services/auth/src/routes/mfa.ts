import type { Caller } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, withPermission, type Reply, type Route } from '@strongroom/http/route';
import { FreeObject, Line, Members, Name, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { userNotFound, wrongCode } from '../domain/errors.ts';
import { relyingParty } from '../domain/passkey.ts';
import { requireFreshSignIn, requirePerson } from '../domain/step-up.ts';
import { changeMfa, MFA_ACTIONS } from '../operations/demand-second-factor.ts';
import { addPasskey, startPasskey } from '../operations/passkeys.ts';
import { confirmTotp, removeTotp, renewRecoveryCodes, startTotp } from '../operations/second-factor-setup.ts';
import { findSecondFactors } from '../store/second-factors.ts';
import { TotpSetupView, totpSetupView } from './mfa-view.ts';
import { Attestation } from './passkey-schemas.ts';
import { PASSKEYS_PATH } from './passkeys.ts';

const PREFIX = '/auth/api/v1/mfa';
const Codes = Type.Array(Type.String(), { description: 'Shown this once; empty when there are some' });

/** Secrets that are shown once stay out of every cache. */
const once = (body: unknown, headers: Record<string, string> = {}): Reply => ({
  body,
  headers: { ...headers, 'cache-control': 'no-store' },
});

/** Second factors: one's own, and what administrators demand of others (contract 4.2). */
export const mfaRoutes = (ctx: AuthContext): Route[] => {
  const requireFreshPerson = (caller: Caller) => {
    requirePerson(caller);
    requireFreshSignIn(caller, ctx.now());
  };
  return [
    ...MFA_ACTIONS.map(action =>
      route({
        method: 'post',
        path: `/role-store/api/v1/users/mfa/${action}`,
        operationId: `${action}Mfa`,
        tag: 'mfa',
        summary: SUMMARIES[action],
        access: withPermission('users-manage'),
        body: Type.Array(Uuid, { maxItems: 100 }),
        handle: async ({ body, caller, request }) => {
          await changeMfa(ctx, caller, request, action, body);
          return ok();
        },
      }),
    ),
    route({
      method: 'get',
      path: PREFIX,
      operationId: 'getOwnMfa',
      tag: 'mfa',
      summary: 'What the caller has set up',
      access: AUTHENTICATED,
      response: Members({
        required: Type.Boolean({ description: 'An administrator demands a second factor' }),
        totp: Type.Boolean(),
        webauthn_credentials: Type.Integer(),
        recovery_codes: Type.Integer({ description: 'Unused ones' }),
        webauthn_available: Type.Boolean({ description: 'False where the address is an IP address' }),
      }),
      handle: async ({ caller }) => {
        requirePerson(caller);
        const factors = await findSecondFactors(ctx.db, caller.id);
        if (factors === undefined) throw userNotFound();
        return ok({
          required: factors.mfaRequired,
          totp: factors.totp,
          webauthn_credentials: factors.passkeys,
          recovery_codes: factors.recoveryCodes,
          webauthn_available: relyingParty(ctx.config.issuer) !== undefined,
        });
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/totp`,
      operationId: 'startTotp',
      tag: 'mfa',
      summary: 'Begin to set up an authenticator app; it counts once a code confirmed it',
      access: AUTHENTICATED,
      response: TotpSetupView,
      handle: async ({ caller, request }) => {
        requireFreshPerson(caller);
        const user = { id: caller.id, username: caller.name };
        return once(totpSetupView(await startTotp(ctx, user, { caller, request })));
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/totp/confirm`,
      operationId: 'confirmTotp',
      tag: 'mfa',
      summary: 'Turn the authenticator app on by its first code',
      access: AUTHENTICATED,
      body: Members({ code: Line(64) }),
      response: Members({ recovery_codes: Codes }),
      handle: async ({ body, caller, request }) => {
        requireFreshPerson(caller);
        const codes = await confirmTotp(ctx, caller.id, body.code, { caller, request });
        if (codes === undefined) throw wrongCode();
        return once({ recovery_codes: codes });
      },
    }),
    route({
      method: 'delete',
      path: `${PREFIX}/totp`,
      operationId: 'removeTotp',
      tag: 'mfa',
      summary: 'Remove the authenticator app',
      access: AUTHENTICATED,
      handle: async ({ caller, request }) => {
        requireFreshPerson(caller);
        await removeTotp(ctx, caller.id, { caller, request });
        return ok();
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/recovery-codes`,
      operationId: 'renewRecoveryCodes',
      tag: 'mfa',
      summary: 'New recovery codes; the former ones are void',
      access: AUTHENTICATED,
      response: Members({ recovery_codes: Codes }),
      handle: async ({ caller, request }) => {
        requireFreshPerson(caller);
        return once({ recovery_codes: await renewRecoveryCodes(ctx, caller.id, { caller, request }) });
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/webauthn/options`,
      operationId: 'startPasskey',
      tag: 'mfa',
      summary: 'What the browser needs to make a passkey (PublicKeyCredentialCreationOptionsJSON)',
      access: AUTHENTICATED,
      response: FreeObject,
      handle: async ({ caller }) => {
        requireFreshPerson(caller);
        return once(await startPasskey(ctx, caller));
      },
    }),
    route({
      method: 'post',
      path: `${PREFIX}/webauthn`,
      operationId: 'addPasskey',
      tag: 'mfa',
      summary: 'Add the passkey that the browser made (RegistrationResponseJSON)',
      access: AUTHENTICATED,
      status: 201,
      body: Members({ name: Name(256), response: Attestation }),
      response: Members({ id: Uuid, recovery_codes: Codes }),
      handle: async ({ body, caller, request }) => {
        requireFreshPerson(caller);
        const { id, recoveryCodes } = await addPasskey(ctx, caller, request, body.name, body.response);
        const location = `${PASSKEYS_PATH.replace(':id', 'current')}/${id}`;
        return once({ id, recovery_codes: recoveryCodes }, { location });
      },
    }),
  ];
};

const SUMMARIES = {
  enable: 'Demand a second factor of people; they set it up at their next sign-in',
  disable: 'Demand no second factor of people, and remove what they set up',
  reset: 'Remove the second factors of people; what is demanded stays',
};
