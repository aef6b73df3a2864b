import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import {
  RIGHTS_CHANGED,
  SESSION_ENDED,
  type Revocations as Missed,
} from '@strongroom/contracts/session-events';
import { callJson, serviceUnreachable } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Type } from '@strongroom/schema/types';
import type { Recalled, Revocations } from './revocations.ts';

// Type.Object rather than Members: subscribers of the bus in memory share an event, so none may narrow it.
const Id = Type.String({ minLength: 1, maxLength: 128 });
const SessionIds = Type.Array(Id, { maxItems: 1_000 });
const Rights = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 10_000 });
const Subjects = Type.Array(Type.Object({ id: Id, roles: Rights, permissions: Rights }), { maxItems: 1_000 });

const parseEnded = bodyParser(Type.Object({ sessionIds: SessionIds }));
const parseChanged = bodyParser(Type.Object({ subjects: Subjects }));
const parseMissed = bodyParser(Type.Object({ sessionIds: SessionIds, subjects: Subjects }));

/** Where the last page ended; sessions and subjects come in the order of their ids. */
export interface RevocationCursor {
  readonly afterSession: string;
  readonly afterSubject: string;
}

export interface RevocationFeedOptions {
  revocations: Revocations;
  /** The next page of what was revoked before; an empty one is the last. */
  page: (cursor: RevocationCursor) => Promise<Missed>;
  /** What the cache kept. It counts until the pages are there, which takes long when auth is away. */
  recall?: () => Promise<Recalled>;
}

const START: RevocationCursor = {
  afterSession: '00000000-0000-0000-0000-000000000000',
  afterSubject: '00000000-0000-0000-0000-000000000000',
};

/** Keeps the memory of a token verifier up to date; for `followFeed`. */
export function revocationFeed({ revocations, page, recall }: RevocationFeedOptions) {
  return {
    name: 'sessions',
    types: [`auth.${SESSION_ENDED}`, `auth.${RIGHTS_CHANGED}`],
    /** Throws on an event of another shape. */
    take(event: CloudEvent): void {
      if (event.type === `strongroom.auth.${SESSION_ENDED}`)
        revocations.endSessions(parseEnded(event.data).sessionIds);
      else revocations.reduceRights(parseChanged(event.data).subjects);
    },
    async load(): Promise<void> {
      if (recall !== undefined) revocations.recall(await recall());
      const mark = revocations.mark();
      for (let cursor = START; ;) {
        const missed = await page(cursor);
        if (missed.sessionIds.length === 0 && missed.subjects.length === 0) return;
        revocations.catchUp(missed, mark);
        cursor = {
          afterSession: missed.sessionIds.at(-1) ?? cursor.afterSession,
          afterSubject: missed.subjects.at(-1)?.id ?? cursor.afterSubject,
        };
      }
    },
  };
}

/** Asks auth with the service's own token. */
export const revocationsOfAuth =
  (authUrl: string, token: () => Promise<string>): RevocationFeedOptions['page'] =>
  async ({ afterSession, afterSubject }) => {
    const query = new URLSearchParams({ after_session: afterSession, after_subject: afterSubject });
    const headers = { authorization: `Bearer ${await token()}` };
    const url = `${authUrl}/auth/api/v1/revocations?${query.toString()}`;
    try {
      return parseMissed(await callJson({ method: 'GET', url, headers, deadlineMs: 5_000 }));
    } catch (error) {
      throw serviceUnreachable(error);
    }
  };
