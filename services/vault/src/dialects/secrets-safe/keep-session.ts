import { callJson } from '@strongroom/http/client';
import type { Reply, Route, RouteInput } from '@strongroom/http/route';
import { sessionCookie, sessionTokenIn, statedIn } from '@strongroom/http/secrets-safe';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';

type Slice = Pick<VaultContext, 'config' | 'log' | 'now'>;
type Input = RouteInput<unknown, unknown, unknown, unknown>;

/** So old, a token is replaced by the use of its session (docs/adr/0044-sliding-sessions.md). */
const RENEW_AFTER_SECONDS = 600;
/** auth is asked again after it failed. */
const RETRY_SECONDS = 60;
const MAX_REMEMBERED = 10_000;
const DEADLINE_MS = 2_000;

const parseRenewed = bodyParser(Members({ access_token: Type.String(), expires_in: Type.Integer() }));

interface Renewal {
  /** Undefined: auth did not renew it. */
  token: Promise<string | undefined>;
  /** Until when it is handed out, in seconds. */
  until: number;
}

/**
 * Sessions that go on while they are used, as a wrapper of routes: beside its answer, a client gets the next cookie. auth is
 * asked once for a session in ten minutes, however many requests come, also of clients that never take the next one.
 */
export function keepSessions(ctx: Slice): (route: Route) => Route {
  const renewals = new Map<string, Renewal>();

  function nextToken(input: Input, token: string): Promise<string | undefined> {
    const { sessionId } = input.caller;
    const seconds = secondsOf(ctx.now());
    const known = renewals.get(sessionId);
    if (known !== undefined && seconds < known.until) return known.token;
    renewals.delete(sessionId);
    // The oldest stand first.
    for (const [id, { until }] of renewals) {
      if (seconds < until && renewals.size < MAX_REMEMBERED) break;
      renewals.delete(id);
    }
    const renewal: Renewal = { token: renewed(ctx, input, token), until: seconds + RENEW_AFTER_SECONDS };
    renewals.set(sessionId, renewal);
    void renewal.token.then(next => {
      if (next === undefined) renewal.until = seconds + RETRY_SECONDS;
    });
    return renewal.token;
  }

  const cookieFor = async (input: Input): Promise<Reply['headers']> => {
    const token = sessionTokenIn(input.sent);
    if (token === undefined) return {};
    const { sid, iat = 0 } = statedIn(token);
    // Another cookie than that of the caller's session is not looked at.
    if (sid !== input.caller.sessionId || secondsOf(ctx.now()) - iat < RENEW_AFTER_SECONDS) return {};
    const next = await nextToken(input, token);
    return next === undefined ? {} : { 'set-cookie': sessionCookie(next, input.sent) };
  };

  return route => ({
    ...route,
    async handle(input) {
      const reply = await route.handle(input);
      return { ...reply, headers: { ...reply.headers, ...(await cookieFor(input)) } };
    },
  });
}

const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1_000);

/** The session goes on without it, until its token ends. */
async function renewed(
  { config, log }: Slice,
  { request }: Input,
  token: string,
): Promise<string | undefined> {
  try {
    const answer = await callJson({
      method: 'POST',
      url: `${config.authUrl}/auth/api/v1/sessionstorage/sessions/current/renew`,
      headers: {
        authorization: `Bearer ${token}`,
        'x-forwarded-for': request.remoteAddress,
        'user-agent': request.userAgent,
      },
      deadlineMs: DEADLINE_MS,
    });
    return parseRenewed(answer).access_token;
  } catch (error) {
    log.warn('a session of Secrets Safe could not be renewed', {
      reason: error instanceof Error ? error.message : 'unknown',
    });
    return undefined;
  }
}
