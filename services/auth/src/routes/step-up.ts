import type { Route } from '@strongroom/http/route';
import type { AuthContext } from '../context.ts';
import { requireFreshSignIn } from '../domain/step-up.ts';

/**
 * Where the installation wants it (`STRONGROOM_STEP_UP_SECONDS`), people must have signed in lately for whatever
 * takes a permission to manage: making somebody an administrator, reading the secrets of programs, and so on. What a
 * permission to view opens as well stays open. Programs cannot sign in anew, and are let through.
 */
export function withStepUp(ctx: Pick<AuthContext, 'config' | 'now'>, routes: readonly Route[]): Route[] {
  const { stepUpSeconds } = ctx.config;
  if (stepUpSeconds === 0) return [...routes];
  return routes.map(route =>
    isSensitive(route)
      ? {
          ...route,
          handle: input => {
            if (input.caller.kind === 'user') requireFreshSignIn(input.caller, ctx.now(), stepUpSeconds);
            return route.handle(input);
          },
        }
      : route,
  );
}

const isSensitive = ({ access }: Route): boolean =>
  access.kind === 'permission' && access.anyOf.every(permission => permission.endsWith('-manage'));
