import { invalidField, permissionDenied } from '@strongroom/errors/common-errors';
import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Members, OrNull, Type } from '@strongroom/schema/types';
import { mayLookAfter, type AccountKey } from '../../domain/account-path.ts';
import { changeGoesOn } from '../../domain/errors.ts';
import { beatOnDemand } from '../../operations/heartbeat.ts';
import { rotatePassword } from '../../operations/rotate-password.ts';
import {
  AccessArgs,
  requireAccount,
  SECRET,
  secretServer,
  summaryOf,
  View,
  type Deps,
  type Input,
} from './route-parts.ts';

/** As at PrivX's paths: who only uses an account changes nothing of it. Which of the two it takes is the account's. */
const access = withPermission('hosts-manage', 'target-domains-manage');

const Stated = OrNull(Type.String({ maxLength: 1_024 }));
const KeyArgs = Members({
  generatePassphrase: OrNull(Type.Boolean()),
  generateSshKeys: OrNull(Type.Boolean()),
  passphrase: Stated,
  privateKey: OrNull(Type.String({ maxLength: 65_536 })),
});

/** Passwords of accounts (contract 5, rows 23 to 26). */
export const passwordRoutes = (deps: Deps): Route[] => [
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/heartbeat`,
    operationId: 'secretServerHeartbeat',
    summary: 'Look whether the stored password opens the account',
    access,
    response: View,
    async handle(input) {
      await beatOnDemand(deps.ctx, input, await requireLookedAfter(deps, input));
      // What clients wait for; what came of it stands in the summary.
      return ok({ ...(await summaryOf(deps, input)), lastHeartBeatStatus: 'Pending' });
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/change-password`,
    operationId: 'secretServerChangePassword',
    summary: 'Have the password of the account changed to a new one of its policy; answers before it is',
    access,
    body: Members({ ...AccessArgs, newPassword: Stated, sshKeyArgs: OrNull(KeyArgs) }),
    response: View,
    async handle(input) {
      const { newPassword, sshKeyArgs } = input.body;
      refuseStated('newPassword', newPassword);
      if (Object.values(sshKeyArgs ?? {}).some(wish => wish !== null && wish !== false && wish !== '')) {
        throw invalidField('sshKeyArgs', 'Accounts are rotated by passwords, not by SSH keys');
      }
      await rotate(deps, input);
      return ok(await summaryOf(deps, input));
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET_SERVER.prefix}/internals/secret-detail/:id/change-password-now`,
    operationId: 'secretServerChangePasswordNow',
    summary: 'The same, as PowerShell asks for it',
    access,
    body: Members({ data: Members({ nextPassword: Stated, passwordType: OrNull(Type.Integer()) }) }),
    response: Members({ success: Type.Boolean() }),
    async handle(input) {
      refuseStated('nextPassword', input.body.data.nextPassword);
      await rotate(deps, input);
      return ok({ success: true });
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/stop-password-change`,
    operationId: 'secretServerStopPasswordChange',
    summary:
      'Always refused: a change that was asked for is carried out, since what uses the account waits for it',
    access,
    response: Members({ success: Type.Boolean() }),
    async handle(input) {
      await requireLookedAfter(deps, input);
      throw changeGoesOn();
    },
  }),
];

async function rotate(deps: Deps, input: Input): Promise<void> {
  await rotatePassword(deps.ctx, input, await requireLookedAfter(deps, input));
}

async function requireLookedAfter(deps: Deps, input: Input): Promise<AccountKey> {
  const key = await requireAccount(deps, input);
  if (!mayLookAfter(input.caller, key.system)) throw permissionDenied(NOT_LOOKED_AFTER);
  return key;
}

const NOT_LOOKED_AFTER = 'The caller does not look after accounts of this kind';

function refuseStated(property: string, password: string | null | undefined): void {
  if (password === undefined || password === null || password === '') return;
  throw invalidField(property, 'The new password is made by the policy of the account and cannot be stated');
}
