import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { keysOfAuth } from '@strongroom/auth-client/auth-keys';
import { createMachineTokenSource } from '@strongroom/auth-client/machine-token';
import { recallRevocations } from '@strongroom/auth-client/remembered-revocations';
import { revocationFeed, revocationsOfAuth } from '@strongroom/auth-client/revocation-feed';
import { createRevocations, type Revocations } from '@strongroom/auth-client/revocations';
import type { Authenticate } from '@strongroom/http/mount-routes';
import { followFeed } from './follow-feed.ts';
import type { Foundations } from './foundations.ts';

/** What a service has of auth: a token of its own, and what it takes to know the callers. */
export interface Access {
  /** For calls to other services. */
  token: () => Promise<string>;
  authenticate: Authenticate;
  close: () => Promise<void>;
}

type AccessFoundations = Pick<Foundations, 'bus' | 'cache' | 'config' | 'log' | 'newId' | 'now'>;

/** Starts without auth, too: what was revoked is then asked of the cache, and of auth as soon as it answers. */
export async function openAccess(
  foundations: AccessFoundations,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
): Promise<Access> {
  const { config, cache, log, now } = foundations;
  const { authUrl, issuer } = config;
  const token = createMachineTokenSource({ authUrl, clientId, clientSecret, now });
  const revocations = createRevocations(now);
  const recall = () => recallRevocations(cache, log);
  const unfollow = await followFeed(
    foundations,
    revocationFeed({ revocations, page: revocationsOfAuth(authUrl, token), recall }),
  );
  const unwatch = recallWhileCutOff(foundations, revocations);
  const keys = keysOfAuth({ authUrl, now, log });
  return {
    token,
    authenticate: createTokenVerifier({ issuer, keys, now, revocations }),
    async close() {
      await unwatch();
      await unfollow();
    },
  };
}

const LOOK_MS = 500;

/** While the bus is away, what auth announces is taken from the cache. Returns the way to stop. */
export function recallWhileCutOff(
  { bus, cache, log }: Pick<Foundations, 'bus' | 'cache' | 'log'>,
  revocations: Revocations,
): () => Promise<void> {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (bus.isConnected()) return;
    looking ??= recallRevocations(cache, log)
      .then(revocations.recall)
      .finally(() => (looking = undefined));
  }, LOOK_MS).unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
