import { ok, route, type Route } from '@strongroom/http/route';
import { Choice, Line, Members, Timestamp, Type, Uuid, type Static } from '@strongroom/schema/types';
import type { SecretsManagerContext } from '../context.ts';
import { hostAccount } from '../domain/account-path.ts';
import { accountNotFound } from '../domain/errors.ts';
import type { Heartbeat } from '../domain/heartbeat.ts';
import { beatOnDemand } from '../operations/heartbeat.ts';
import { findHeartbeat } from '../store/heartbeats.ts';
import { MANAGE_HOSTS, PREFIX, VIEW_HOSTS } from './access.ts';

/** Whether stored passwords still open their accounts. Not part of the PrivX API. */

const tag = 'rotations';
const PATH = `${PREFIX}/heartbeat/:host_id/*account`;
/** `{account}` may hold slashes, encoded or not. */
const ByAccount = Members({ host_id: Uuid, account: Line(1_024, 1) });

const View = Members({
  status: Choice('opens', 'refused', 'unreachable', 'unknown'),
  details: Type.String({ description: 'Why the stored password is not known to open the account' }),
  checked: Type.Optional(Timestamp),
});

const view = ({ status, details, at }: Heartbeat & { at: Date | null }): Static<typeof View> => ({
  status,
  details,
  ...(at === null ? {} : { checked: at.toISOString() }),
});

export const heartbeatRoutes = (ctx: SecretsManagerContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'getHeartbeat',
    tag,
    summary: 'Whether the stored password opened the account when that was last looked at',
    access: VIEW_HOSTS,
    params: ByAccount,
    response: View,
    handle: async ({ params }) => {
      const found = await findHeartbeat(ctx.db, hostAccount(params.host_id.toLowerCase(), params.account));
      if (found === undefined) throw accountNotFound();
      return ok(view(found));
    },
  }),
  route({
    method: 'post',
    path: PATH,
    operationId: 'makeHeartbeat',
    tag,
    summary: 'Look now whether the stored password opens the account, by signing in with it',
    access: MANAGE_HOSTS,
    params: ByAccount,
    response: View,
    handle: async ({ params, caller, request }) => {
      const key = hostAccount(params.host_id.toLowerCase(), params.account);
      return ok(view(await beatOnDemand(ctx, { caller, request }, key)));
    },
  }),
];
