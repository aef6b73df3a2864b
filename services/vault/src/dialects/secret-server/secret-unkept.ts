import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, Type, type TSchema } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { readStatus } from '../../operations/secret-status.ts';
import { Dirty, dirtyValue, refuseUnkept } from './dirty.ts';
import { ById } from './secret-key.ts';
import { inVersions, secretServer, V1, V1_AND_V2 } from './versions.ts';

/*
 * Settings of the product that no secret has here (contract 5, rows 29 and 30). Scripts switch them off as a matter of
 * course, which is true already; to switch one on is refused, since a secret would look guarded in a way it is not.
 */

const EMAIL = ['sendEmailWhenChanged', 'sendEmailWhenHeartbeatFails', 'sendEmailWhenViewed'] as const;
const SECURITY = [
  'enableDoubleLock',
  'hideLauncherPassword',
  'isSessionRecordingEnabled',
  'proxyEnabled',
  'requiresComment',
  'sessionRecordingEnabled',
  'webLauncherRequiresIncognitoMode',
] as const;
const CHECK_OUT = ['checkOutEnabled', 'checkOutChangePasswordEnabled'] as const;

export const unkeptSettingRoutes = (ctx: VaultContext): Route[] => [
  ...settingRoutes(ctx, V1_AND_V2, 'email', 'PatchSecretEmail', EMAIL, []),
  ...settingRoutes(ctx, V1, 'security-general', 'PatchSecretSecurity', SECURITY, ['doubleLockId']),
  ...settingRoutes(ctx, [1, 3], 'security-checkout', 'PatchSecretCheckOut', CHECK_OUT, [
    'checkOutIntervalMinutes',
  ]),
];

/** In v1 each member is wrapped, later ones are plain; in v3 they stand in an envelope. */
const settingRoutes = (
  ctx: VaultContext,
  versions: readonly number[],
  what: string,
  operation: string,
  flags: readonly string[],
  numbers: readonly string[],
): Route[] =>
  versions.flatMap(version =>
    inVersions([version], (at, named) =>
      route({
        ...secretServer,
        method: 'patch',
        path: at(`/secrets/:id/${what}`),
        operationId: named(operation),
        summary: 'Settings that no secret has here: switching them off is taken, switching one on is refused',
        access: AUTHENTICATED,
        params: ById,
        body: Members({ data: changesOf(flags, numbers) }),
        response: Type.Unsafe<Record<string, unknown>>({ type: 'object' }),
        async handle({ params, body, caller, request }) {
          const wishes = Object.entries(body.data as Record<string, Parameters<typeof dirtyValue>[0]>);
          refuseUnkept(Object.fromEntries(wishes.map(([name, member]) => [name, dirtyValue(member)])));
          const address = await locateSecret(ctx, caller, request, { number: params.id });
          await readStatus(ctx, caller, request, address);
          const all: [string, boolean | number][] = [
            ...flags.map((name): [string, boolean] => [name, false]),
            ...numbers.map((name): [string, number] => [name, 0]),
          ];
          if (version === 1) {
            return ok(Object.fromEntries(all.map(([name, value]) => [name, { dirty: false, value }])));
          }
          const model = Object.fromEntries(all);
          return ok(version === 3 ? { model, success: true } : model);
        },
      }),
    ),
  );

const changesOf = (flags: readonly string[], numbers: readonly string[]): TSchema =>
  Members(
    Object.fromEntries([
      ...flags.map(name => [name, Dirty(Type.Boolean())]),
      ...numbers.map(name => [name, Dirty(Type.Integer())]),
    ]) as Record<string, TSchema>,
  );
