import { ok, route, type Route } from '@strongroom/http/route';
import { Line, Members, Uuid } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { hostAccount } from '../domain/account-path.ts';
import { rotatePassword } from '../operations/rotate-password.ts';
import { setPassword } from '../operations/set-password.ts';
import { MANAGE_HOSTS, PREFIX } from './access.ts';

const tag = 'rotations';
/** `{account}` may hold slashes, encoded or not. */
const ByAccount = Members({ host_id: Uuid, account: Line(1_024, 1) });

/** Changes of passwords (contract 3.4). */
export const rotationRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/rotate/:host_id/*account`,
    operationId: 'rotatePassword',
    tag,
    summary: 'Have the password of an account changed; answers before it is',
    access: MANAGE_HOSTS,
    params: ByAccount,
    handle: async ({ params, caller, request }) => {
      const key = hostAccount(params.host_id.toLowerCase(), params.account);
      await rotatePassword(ctx, { caller, request }, key);
      return ok();
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/set-password/:host_id/*account`,
    operationId: 'setPassword',
    tag,
    summary: 'Tell the password that an account has; the host is not asked, and the policy does not count',
    access: MANAGE_HOSTS,
    params: ByAccount,
    body: Members({ password: Line(1_024, 1) }),
    handle: async ({ params, body, caller, request }) => {
      const key = hostAccount(params.host_id.toLowerCase(), params.account);
      await setPassword(ctx, { caller, request }, key, body.password);
      return ok();
    },
  }),
];
