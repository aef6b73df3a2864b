import { AUTHENTICATED, ok, PUBLIC, route, type Route } from '@strongroom/http/route';
import { Line, Members } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { changeOwnPassword } from '../operations/change-password.ts';
import { completePasswordReset } from '../operations/password-reset.ts';
import { Password } from './local-user-view.ts';

const PREFIX = '/auth/api/v1/password';

/** What people do about their own passwords (contract 1.7). */
export const passwordRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'put',
    path: PREFIX,
    operationId: 'changeOwnPassword',
    tag: 'passwords',
    summary: "Change one's own password; other sessions end",
    access: AUTHENTICATED,
    body: Members({ current_password: Password, new_password: Password }),
    handle: async ({ body, caller, request }) => {
      await changeOwnPassword(ctx, caller, request, {
        current: body.current_password,
        next: body.new_password,
      });
      return ok();
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/reset`,
    operationId: 'completePasswordReset',
    tag: 'passwords',
    summary: 'Set a new password by a one-time token; all sessions end',
    access: PUBLIC,
    body: Members({ token: Line(128), new_password: Password }),
    handle: async ({ body, request }) => {
      await completePasswordReset(ctx, request, { token: body.token, newPassword: body.new_password });
      return ok();
    },
  }),
];
